# Outlives the master and kills what it watches. Commands come on standard input, one a line:
#   watch PID         PID leads a session and process group of its own
#   watch PID tree    PID does not; it has descendants
#   reap PID          kill what is left of that session, answer "reaped PID", and forget it
#   reap PID tree     kill that process, which is alive, with its descendants, and then its session if it leads one
#   forget PID        the process has ended, and what it left behind may stay
#   signal PID NAME   send a signal; with a minus before PID to its process group
# When the input ends, because the master closed it or died, everything watched is killed and the directory
# named by the first argument is removed, with the files in shared memory that carry its name.
trap '' INT TERM HUP QUIT PIPE
sessions=' '
trees=' '

# Whether to look at all processes once more, since the last look found one; a bounded number of times.
again() {
  [ -d /proc/self ] && [ "$found" = 1 ] && [ "$rounds" -lt 20 ] || return 1
  found=0
  rounds=$((rounds + 1))
}

# Learns a process's state, parent and session; fails if it has ended.
look() {
  line=
  { read -r line <"/proc/$1/stat"; } 2>/dev/null
  # pid (name) state parent group session ...: the name may hold anything, so cut behind its last ")".
  # shellcheck disable=SC2086
  set -- ${line##*) }
  state=${1:-X}
  parent=${2:-none}
  session=${4:-none}
  [ "$state" != Z ] && [ "$state" != X ]
}

# Kills the group at once, then whoever is left in the session under another group, until nobody is.
kill_session() {
  kill -KILL "-$1" 2>/dev/null
  found=1
  rounds=0
  while again; do
    for stat in /proc/[0-9]*/stat; do
      pid=${stat#/proc/}
      pid=${pid%/stat}
      look "$pid" && [ "$session" = "$1" ] && kill -KILL "$pid" 2>/dev/null && found=1
    done
  done
}

# Waits until a process that was told to stop stands still; a bounded time, and a short one in the state D, since one
# that waits for its child's start does not. Where the machine is busy, others wait for a core to stop on.
settle() {
  looks=0
  while look "$1" && [ "$state" != T ] && [ "$looks" -lt 20000 ]; do
    [ "$state" = D ] && looks=$((looks + 66)) || looks=$((looks + 1))
  done
}

# Learns the children of a process that stands still.
list_children() {
  children=
  if [ -f "/proc/$1/task/$1/children" ]; then
    for file in "/proc/$1/task/"*/children; do
      line=
      { read -r line <"$file"; } 2>/dev/null
      children="$children $line"
    done
    return
  fi
  # A kernel that was built without these: all processes are looked at.
  for stat in /proc/[0-9]*/stat; do
    pid=${stat#/proc/}
    pid=${pid%/stat}
    look "$pid" && [ "$parent" = "$1" ] && children="$children $pid"
  done
}

# Stops processes and then, one generation after the other, their descendants, so that none can start another or lose
# its parent meanwhile; then kills them, the youngest first, and waits for their end.
kill_trees() {
  tree=
  while [ $# -gt 0 ]; do
    kill -STOP "$@" 2>/dev/null
    tree="$* $tree"
    next=
    for member in "$@"; do
      settle "$member"
      list_children "$member"
      next="$next $children"
    done
    # shellcheck disable=SC2086
    set -- $next
  done
  # shellcheck disable=SC2086
  [ -z "$tree" ] || kill -KILL $tree 2>/dev/null
  found=1
  rounds=0
  while again; do
    for pid in $tree; do look "$pid" && found=1; done
  done
}

forget() {
  case $sessions in *" $1 "*) sessions="${sessions%% "$1" *} ${sessions#* "$1" }" ;; esac
  case $trees in *" $1 "*) trees="${trees%% "$1" *} ${trees#* "$1" }" ;; esac
}

while read -r command pid argument; do
  case $command$argument in
    watch) sessions="$sessions$pid " ;;
    watchtree) trees="$trees$pid " ;;
    forget) forget "$pid" ;;
    reap*)
      reaped=$pid
      led=$pid
      if [ "$argument" = tree ]; then
        look "$pid"
        led=$session
        kill_trees "$pid"
      fi
      [ "$led" != "$reaped" ] || kill_session "$reaped"
      forget "$reaped"
      echo "reaped $reaped"
      ;;
    signal*)
      # A process that has just started may not lead its group yet.
      kill -s "$argument" -- "$pid" 2>/dev/null || kill -s "$argument" -- "${pid#-}" 2>/dev/null
      ;;
  esac
done

# First by descent, also those that lead sessions, since one of their descendants may have left it.
# shellcheck disable=SC2086
kill_trees $trees $sessions
for leader in $sessions; do kill_session "$leader"; done
[ -z "${1:-}" ] || rm -rf -- "$1" "/dev/shm/${1##*/}-"*
