package dev.forkyard.process;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small shell process that outlives this JVM and kills its children with their sessions: each
 * when it is reaped, and all of them when this JVM is gone, even by {@code kill -9}.
 *
 * <p>It needs {@code sh}; without one, as on Windows, nothing is guarded, and children must see to
 * it by themselves that they end with their parent.
 *
 * <p>A guard that ends is replaced at once, and one that keeps ending after ever longer pauses.
 * After {@value #BUDGET} in a row it is given up with a warning, and tried again only when there is
 * something to watch, to reap or to signal, at most once a second. A guard that ran for {@value
 * #PROVEN_SECONDS} s has shown that it works. Also at the close one that was killed before it had
 * done its work is replaced, once.
 */
public final class ProcessGuard implements AutoCloseable {

  private static final int REAP_SECONDS = 5;
  private static final int CLOSE_SECONDS = 5;
  private static final int BUDGET = 6;
  private static final int PROVEN_SECONDS = 10;
  private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MAX_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * What makes a command the leader of a session of its own; empty where there is no such thing.
   */
  static final List<String> SESSION_PREFIX =
      find("setsid").map(setsid -> List.of(setsid.toString())).orElse(List.of());

  /** How it is found what is to end with a process. */
  enum Reach {
    /** The process leads a session: all that are in it. */
    SESSION(""),
    /** Its descendants, as far as their parents live. */
    TREE(" tree");

    private final String word;

    Reach(String word) {
      this.word = word;
    }
  }

  private record Reaping(Reach reach, CompletableFuture<@Nullable Void> done) {}

  private record Signal(ProcessHandle to, String line) {}

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessGuard.class);
  }

  private final List<String> command;
  private final Map<Long, Reach> watched = new ConcurrentHashMap<>();
  private final Map<Long, Reaping> reaping = new ConcurrentHashMap<>();

  /** What could not be told to a shell; one that it was told to is never told to another. */
  private final List<Signal> unsent = new ArrayList<>();

  private @Nullable Process shell;

  /** Starts and hears the shells, one after the other; null if there are none. */
  private @Nullable Thread keeper;

  private boolean closed;

  /** Since the last start something was asked of it, which one that ends may not have heard. */
  private boolean wanted;

  private int failuresInRow;

  private ProcessGuard(List<String> command) {
    this.command = command;
  }

  /**
   * Starts a guard.
   *
   * @param directory what it removes at the end; null is nothing
   */
  public static ProcessGuard start(@Nullable Path directory) throws IOException {
    return startCommand(command(directory));
  }

  /** Starts one that runs this command; none, if there is none. */
  static ProcessGuard startCommand(List<String> command) throws IOException {
    ProcessGuard guard = new ProcessGuard(command);
    if (!command.isEmpty()) {
      Process first = guard.startShell();
      Thread keeper = new Thread(() -> guard.keep(first), "forkyard-guard");
      keeper.setDaemon(true);
      guard.keeper = keeper;
      try {
        keeper.start();
      } catch (OutOfMemoryError noThread) {
        first.destroyForcibly();
        throw noThread;
      }
    }
    return guard;
  }

  private static List<String> command(@Nullable Path directory) throws IOException {
    Path shell = find("sh").orElse(null);
    if (shell == null) {
      return List.of();
    }
    try (InputStream script = ProcessGuard.class.getResourceAsStream("guard.sh")) {
      if (script == null) {
        throw new IOException("guard.sh is missing beside " + ProcessGuard.class.getName());
      }
      List<String> command = new ArrayList<>(SESSION_PREFIX);
      command.add(shell.toString());
      command.add("-c");
      command.add(new String(script.readAllBytes(), StandardCharsets.UTF_8));
      command.add("forkyard-guard");
      command.add(directory == null ? "" : directory.toString());
      return List.copyOf(command);
    }
  }

  private static Optional<Path> find(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String directory :
        (path + ":/usr/bin:/bin").split(File.pathSeparator.equals(":") ? ":" : ";")) {
      Path file = directory.isEmpty() ? null : Path.of(directory).resolve(program);
      if (file != null && Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  private synchronized Process startShell() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(new File("/"));
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process started = builder.start();
    shell = started;
    // For those given up in the meantime it is too late: their ids may be other processes' by now.
    reaping.forEach(this::forgetIfGivenUp);
    watched.forEach((pid, reach) -> write(started, "watch " + pid + reach.word));
    reaping.forEach((pid, each) -> write(started, "reap " + pid + each.reach.word));
    unsent.removeIf(each -> !each.to.isAlive() || write(started, each.line));
    return started;
  }

  private void forgetIfGivenUp(long pid, Reaping asked) {
    if (asked.done.isDone()) {
      reaping.remove(pid);
      watched.remove(pid);
    }
  }

  /** Hears one guard after the other. */
  private void keep(Process first) {
    Process last = first;
    for (Process guard = first; guard != null; ) {
      last = guard;
      long start = System.nanoTime();
      hear(guard);
      guard = replace(System.nanoTime() - start);
    }
    if (!hasDoneItsWork(last)) {
      killByAnother();
    }
    synchronized (this) {
      giveUpReaping();
    }
  }

  private void hear(Process guard) {
    readAnswers(guard);
    // Heard no more, it is of no use, should it live on.
    guard.destroyForcibly();
  }

  /** Whether its input was closed, and it has killed all that is watched. */
  private static boolean hasDoneItsWork(Process guard) {
    try {
      return guard.waitFor(CLOSE_SECONDS, TimeUnit.SECONDS) && guard.exitValue() == 0;
    } catch (InterruptedException nobodyDoes) {
      return false;
    }
  }

  private void killByAnother() {
    try {
      Process another = startShell();
      closeInput(another);
      hear(another);
    } catch (IOException e) {
      Log.LOG.warn(
          "the guard of this program's children is gone, and another one that would end them can't"
              + " be started: {}",
          String.valueOf(e.getMessage()));
    }
  }

  private void readAnswers(Process guard) {
    try (BufferedReader answers =
        new BufferedReader(
            new InputStreamReader(guard.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.startsWith("reaped ")) {
          reaped(Long.parseLong(line.substring("reaped ".length())));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // As if it had ended.
    }
  }

  /** The guard's end was seen: unless it was meant, another one takes over, which is returned. */
  private synchronized @Nullable Process replace(long livedNanos) {
    shell = null;
    if (livedNanos > TimeUnit.SECONDS.toNanos(PROVEN_SECONDS)) {
      failuresInRow = 0;
    }
    String why = "it ends at once";
    while (!closed) {
      failuresInRow++;
      try {
        pauseBeforeNext(why);
        if (!closed) {
          return startShell();
        }
      } catch (IOException | OutOfMemoryError e) {
        why = String.valueOf(e.getMessage());
        giveUpReaping();
      } catch (InterruptedException nobodyDoes) {
        closed = true;
      }
    }
    return null;
  }

  private void pauseBeforeNext(String why) throws InterruptedException {
    long pause =
        failuresInRow == 1
            ? 0
            : Math.min(MIN_PAUSE_NANOS << Math.min(failuresInRow - 2, 10), MAX_PAUSE_NANOS);
    long end = System.nanoTime() + pause;
    for (long left = pause; left > 0 && !closed; left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    if (failuresInRow == BUDGET) {
      Log.LOG.warn(
          "the guard that would end this program's children with it can't be kept running, after"
              + " {} starts: {}; until one runs, children may be left behind",
          failuresInRow,
          why);
    }
    if (failuresInRow >= BUDGET && !wanted) {
      giveUpReaping();
      // Much later nobody expects them any more.
      unsent.clear();
      while (!wanted && !closed) {
        wait();
      }
    }
    wanted = false;
  }

  private void giveUpReaping() {
    watched.keySet().removeAll(reaping.keySet());
    // Who waits for them is not to run with this lock held.
    reaping.values().forEach(each -> each.done.completeAsync(() -> null, Callbacks.unordered()));
    reaping.clear();
  }

  private void reaped(long pid) {
    watched.remove(pid);
    Reaping asked = reaping.remove(pid);
    if (asked != null) {
      asked.done.complete(null);
    }
  }

  /** From now on the session that this process leads ends with this JVM. */
  public void watch(long pid) {
    watch(pid, Reach.SESSION);
  }

  /** From now on this process and whoever is in its reach end with this JVM. */
  synchronized void watch(long pid, Reach reach) {
    watched.put(pid, reach);
    want("watch " + pid + reach.word);
  }

  /** The process has ended: what it has left behind is no longer this guard's business. */
  synchronized void forget(long pid) {
    if (watched.remove(pid) != null) {
      tell("forget " + pid);
    }
  }

  /**
   * Sends a signal to a process that is alive, or with {@code group} to its whole process group. If
   * there is no shell at the moment, the next one sends it, unless the process has ended by then.
   *
   * @param signal its name without SIG
   * @throws UnsupportedOperationException if the system has no {@code sh} that could send it
   */
  synchronized void signal(String signal, ProcessHandle to, boolean group) {
    if (command.isEmpty()) {
      throw new UnsupportedOperationException(
          "SIG" + signal + " can't be sent: this system has no sh");
    }
    String line = "signal " + (group ? "-" : "") + to.pid() + " " + signal;
    if (!want(line)) {
      unsent.add(new Signal(to, line));
    }
  }

  /** Kills what is left of that session. The future completes when nobody is left, or after 5 s. */
  public CompletableFuture<@Nullable Void> reap(long pid) {
    return reap(pid, Reach.SESSION);
  }

  /**
   * As {@link #reap(long)}; with {@link Reach#TREE} it kills before that the process, which is
   * alive, and its descendants.
   */
  CompletableFuture<@Nullable Void> reap(long pid, Reach reach) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    synchronized (this) {
      Reaping asked = reaping.get(pid);
      if (asked != null && !asked.done.isDone()) {
        return asked.done;
      }
      if (command.isEmpty() || closed) {
        watched.remove(pid);
        done.complete(null);
        return done;
      }
      reaping.put(pid, new Reaping(reach, done));
      want("reap " + pid + reach.word);
    }
    return done.completeOnTimeout(null, REAP_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Tells it, or has another one started, which is told of all; also where this one is ending.
   *
   * @return whether it was told
   */
  private boolean want(String line) {
    wanted = true;
    notifyAll();
    return tell(line);
  }

  private boolean tell(String line) {
    Process guard = shell;
    return guard != null && write(guard, line);
  }

  private static boolean write(Process guard, String line) {
    try {
      OutputStream in = guard.getOutputStream();
      in.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      in.flush();
      return true;
    } catch (IOException gone) {
      // Its reader sees the end and starts another, which is told of all that is watched.
      return false;
    }
  }

  /**
   * Kills all that is watched, and waits for the guard to end, but no longer than {@value
   * #CLOSE_SECONDS} s; one that needs more goes on by itself. An interrupted thread waits too.
   */
  @Override
  public void close() {
    Process guard;
    synchronized (this) {
      closed = true;
      guard = shell;
      notifyAll();
    }
    if (guard != null) {
      closeInput(guard);
    }
    Thread hearing = keeper;
    if (hearing != null) {
      awaitEnd(hearing);
    }
  }

  private static void closeInput(Process guard) {
    try {
      guard.getOutputStream().close();
    } catch (IOException gone) {
      // What it has not done another one does.
    }
  }

  private static void awaitEnd(Thread keeper) {
    boolean interrupted = false;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
    for (long left = end - System.nanoTime();
        left > 0 && keeper.isAlive();
        left = end - System.nanoTime()) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(keeper, left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
