# Outlives the master and kills what it watches. Commands come on standard input, one a line:
#   watch PID    PID leads a session and process group of its own
#   reap PID     kill what is left of that session, answer "reaped PID", and forget it
#   forget PID   the process has ended, and what it left behind may stay
#   signal PID NAME    send a signal; with a minus before PID to its process group
# When the input ends, because the master closed it or died, everything watched is killed and the directory
# named by the first argument is removed, with the files in shared memory that carry its name.
trap '' INT TERM HUP QUIT PIPE
watched=' '

# Kills the group at once, then whoever is left in the session under another group, until nobody is.
kill_session() {
  kill -KILL "-$1" 2>/dev/null
  [ -d /proc/self ] || return 0
  rounds=0
  found=1
  while [ "$found" = 1 ] && [ "$rounds" -lt 20 ]; do
    found=0
    rounds=$((rounds + 1))
    for stat in /proc/[0-9]*/stat; do
      line=
      { read -r line <"$stat"; } 2>/dev/null
      # pid (name) state parent group session ...: the name may hold anything, so cut behind its last ")".
      rest=${line##*) }
      # shellcheck disable=SC2086
      set -- "$1" $rest
      if [ "${5:-}" = "$1" ] && [ "${2:-}" != Z ] && [ "${2:-}" != X ]; then
        pid=${stat#/proc/}
        kill -KILL "${pid%/stat}" 2>/dev/null && found=1
      fi
    done
  done
}

forget() {
  case $watched in
    *" $1 "*) watched="${watched%% "$1" *} ${watched#* "$1" }" ;;
  esac
}

while read -r command pid name; do
  case $command in
    watch) watched="$watched$pid " ;;
    forget) forget "$pid" ;;
    reap)
      kill_session "$pid"
      forget "$pid"
      echo "reaped $pid"
      ;;
    signal)
      # A process that has just started may not lead its group yet.
      kill -s "$name" -- "$pid" 2>/dev/null || kill -s "$name" -- "${pid#-}" 2>/dev/null
      ;;
  esac
done

for pid in $watched; do kill -KILL "-$pid" 2>/dev/null; done
for pid in $watched; do kill_session "$pid"; done
[ -z "${1:-}" ] || rm -rf -- "$1" "/dev/shm/${1##*/}-"*
