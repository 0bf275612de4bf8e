package dev.forkyard.process;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A process that this program started. What Node's {@code child_process} is to Node: {@link #exec}
 * and {@link #execFile} collect what a program prints, {@link #spawn} streams it, {@link #fork}
 * starts a JVM that messages can be sent to.
 *
 * <p>Unless it is detached, a child ends with this JVM, even by {@code kill -9}, where the system
 * has {@code sh}: a small guard process then kills it with its descendants. As in Node it stays in
 * this program's session, so that it shares the terminal. A child that leads a session of its own
 * ({@link SpawnOptions.Builder#ownSession}) starts later, and then all that it started is found,
 * also what has lost its parent.
 *
 * <p>All methods may be called from any thread. Callbacks and futures complete on threads that
 * children share: one after the other for each output, and for the messages and the end of each
 * child. One that blocks holds up those that would follow it, and no others.
 */
public sealed class ChildProcess permits ForkedProcess {

  /** Where a child finds the path of the socket that {@link SpawnOptions.Builder#socket} offers. */
  public static final String SOCKET_VARIABLE = "FORKYARD_SOCKET";

  private static final int REAP_SECONDS = 5;

  /**
   * A thread for each child waits for its end. {@link Process#onExit} would tell it on the JDK's
   * common pool, whose threads a program may keep busy for as long as it likes.
   */
  private static final Executor EXITS = Callbacks.threads("forkyard-exit-");

  private final List<String> command;
  private final Process process;
  private final @Nullable ProcessGuard guard;
  private final ProcessGuard.Reach reach;
  private final @Nullable ChildSocket socket;
  private final @Nullable ChildOutput stdout;
  private final @Nullable ChildOutput stderr;
  private final Callbacks callbacks;
  private final boolean releases;
  private final boolean writable;
  private volatile boolean killTreeOnExit;

  /** Those that were signalled with it; where it leads no session, nobody finds them later. */
  private volatile @Nullable Descendants signalled;

  private final CompletableFuture<@Nullable Void> dead = new CompletableFuture<>();
  private final AtomicBoolean reaps = new AtomicBoolean();
  private final CompletableFuture<@Nullable Void> reaped = new CompletableFuture<>();
  private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();

  ChildProcess(Started started) {
    this.command = started.command;
    this.process = started.process;
    this.guard = started.guard;
    this.reach = started.reach;
    this.socket = started.socket;
    this.stdout = started.stdout;
    this.stderr = started.stderr;
    this.callbacks = started.callbacks;
    this.releases = started.releases;
    this.writable = started.writable;
    this.killTreeOnExit = started.killTreeOnExit;
  }

  /** To be called once, when the object is whole: from here its end is told. */
  void watch() {
    EXITS.execute(this::awaitEnd);
  }

  private void awaitEnd() {
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      throw new AssertionError("nobody knows this thread", e);
    }
    ended();
  }

  /**
   * What a start leaves for the child's object.
   *
   * @param guard null: nothing watches it
   * @param releases whether the guard is the shared one, to be given back
   * @param writable whether its standard input is a pipe
   */
  record Started(
      List<String> command,
      Process process,
      @Nullable ProcessGuard guard,
      ProcessGuard.Reach reach,
      boolean releases,
      boolean writable,
      boolean killTreeOnExit,
      @Nullable ChildSocket socket,
      @Nullable ChildOutput stdout,
      @Nullable ChildOutput stderr,
      Callbacks callbacks) {}

  /**
   * Runs a command line by the shell ({@code sh -c}, on Windows {@code cmd /c}) and collects its
   * output. Never put into it what a stranger wrote: use {@link #execFile}.
   *
   * @see #execFile(List, ExecOptions)
   */
  public static CompletableFuture<ExecResult> exec(String commandLine) {
    return exec(commandLine, ExecOptions.defaults());
  }

  /** As {@link #exec(String)}, with options. */
  public static CompletableFuture<ExecResult> exec(String commandLine, ExecOptions options) {
    return Exec.run(
        File.separatorChar == '/'
            ? List.of("/bin/sh", "-c", commandLine)
            : List.of("cmd.exe", "/d", "/s", "/c", commandLine),
        options);
  }

  /** As {@link #execFile(List, ExecOptions)}, with the default options. */
  public static CompletableFuture<ExecResult> execFile(List<String> command) {
    return execFile(command, ExecOptions.defaults());
  }

  /**
   * Runs a program with its arguments, without a shell, and collects its output.
   *
   * <p>The future completes when the program has ended and its output was read to the end, or a
   * second after its end if something that it left behind holds the output open. Whatever else
   * completes the future (a cancel, {@code orTimeout}) kills the program with all that it started.
   *
   * @return the result; an {@link ExecException} unless the program exited with 0
   * @throws IllegalArgumentException if the command is empty or has a NUL, or an option names a
   *     file that can't be read; nothing was started
   */
  public static CompletableFuture<ExecResult> execFile(List<String> command, ExecOptions options) {
    return Exec.run(command, options);
  }

  /** As {@link #spawn(List, SpawnOptions)}, with three pipes. */
  public static ChildProcess spawn(List<String> command) {
    return spawn(command, SpawnOptions.defaults());
  }

  /**
   * Starts a program and returns at once.
   *
   * @param command the program, found on the child's {@code PATH} unless it has a slash, and its
   *     arguments
   * @throws ProcessStartException if it can't be started
   * @throws IllegalArgumentException if the command is empty or has a NUL, or a stream can't be;
   *     nothing was started
   */
  public static ChildProcess spawn(List<String> command, SpawnOptions options) {
    ChildProcess child =
        new ChildProcess(start(command, options, options.streams(), options, new Callbacks()));
    child.watch();
    return child;
  }

  /** As {@link #fork(Class, ForkOptions, String...)}, with the default options. */
  public static ForkedProcess fork(Class<?> main, String... arguments) {
    return fork(main, ForkOptions.defaults(), arguments);
  }

  /**
   * Starts a JVM that runs the class's {@code main}, with a channel for messages in both
   * directions. In the child, {@link dev.forkyard.worker.ParentProcess#get} is its other end.
   *
   * @throws ProcessStartException if it can't be started
   * @throws IllegalArgumentException if the class has no {@code public static void main(String[])},
   *     or an argument has a NUL; nothing was started
   */
  public static ForkedProcess fork(Class<?> main, ForkOptions options, String... arguments) {
    return Fork.start(main, options, List.of(arguments));
  }

  /** Starts what a user asked for. */
  static Started start(
      List<String> command,
      ProcessOptions options,
      SpawnOptions.Streams streams,
      SpawnOptions how,
      Callbacks callbacks) {
    Launch launch = new Launch(command, options, streams);
    ChildOutput out = output("stdout", launch.stdout());
    ChildOutput err = output("stderr", launch.stderr());
    return start(launch, how, callbacks, out, err, sink(out), sink(err));
  }

  private static @Nullable OutputSink sink(@Nullable ChildOutput output) {
    return output == null ? null : output.sink();
  }

  private static @Nullable ChildOutput output(String name, @Nullable OutputSource source) {
    return source == null ? null : new ChildOutput(name, source, new Callbacks());
  }

  static Started start(
      Launch launch,
      SpawnOptions how,
      Callbacks callbacks,
      @Nullable ChildOutput stdout,
      @Nullable ChildOutput stderr,
      @Nullable OutputSink out,
      @Nullable OutputSink err) {
    ProcessGuard own = how.guard();
    boolean shared = own == null && !how.detached();
    ProcessGuard guard = null;
    ChildSocket socket = null;
    Process process = null;
    try {
      guard = shared ? SharedGuard.acquire() : own;
      if (how.socket()) {
        socket = ChildSocket.open();
        launch.environment(SOCKET_VARIABLE, socket.path());
      }
      process = launch.start();
      if (guard != null) {
        guard.watch(process.pid(), launch.reach());
      }
      launch.attach(process, out, err);
      return new Started(
          launch.command(),
          process,
          guard,
          launch.reach(),
          shared,
          launch.stdinIsPipe(),
          how.killTreeOnExit(),
          socket,
          stdout,
          stderr,
          callbacks);
    } catch (IOException e) {
      undo(launch, process, guard, shared, socket);
      throw new ProcessStartException(
          ProcessStartException.Reason.REFUSED,
          launch.command(),
          String.valueOf(e.getMessage()),
          e);
    } catch (RuntimeException | Error e) {
      undo(launch, process, guard, shared, socket);
      throw e;
    }
  }

  /** What was started is not to run on where nobody has it, as when there is no thread to read. */
  private static void undo(
      Launch launch,
      @Nullable Process process,
      @Nullable ProcessGuard guard,
      boolean shared,
      @Nullable ChildSocket socket) {
    if (process != null) {
      process.destroyForcibly();
      if (guard != null) {
        guard.forget(process.pid());
      }
    }
    launch.abandon();
    if (socket != null) {
      socket.close();
    }
    if (shared && guard != null) {
      SharedGuard.release();
    }
  }

  private void ended() {
    dead.complete(null);
    ExitStatus status = new ExitStatus(process.exitValue());
    if (socket != null) {
      socket.childEnded();
    }
    Descendants left = signalled;
    CompletableFuture<?> alone = CompletableFuture.completedFuture(null);
    if (guard != null && killTreeOnExit && reach == ProcessGuard.Reach.SESSION) {
      alone = reap(reach);
    } else if (guard != null) {
      guard.forget(process.pid());
    }
    if (killTreeOnExit && left != null) {
      alone = CompletableFuture.allOf(alone, left.endTrees(this::reapTree)).thenRun(left::kill);
    }
    alone.thenRun(
        () -> {
          if (releases) {
            SharedGuard.release();
          }
          beforeExit().thenRun(() -> callbacks.execute(() -> tellExit(status)));
        });
  }

  /** What must have been told before the exit may be. */
  CompletableFuture<?> beforeExit() {
    return CompletableFuture.completedFuture(null);
  }

  private void tellExit(ExitStatus status) {
    childEnded(stdout);
    childEnded(stderr);
    exit.complete(status);
  }

  private static void childEnded(@Nullable ChildOutput output) {
    if (output != null) {
      output.childEnded();
    }
  }

  /** The program and its arguments. */
  public List<String> command() {
    return command;
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * What the child reads, buffered: flush it. Writing waits while the child does not read; closing
   * it is the end of the child's input.
   *
   * @throws IllegalStateException if it is no pipe
   */
  public OutputStream stdin() {
    if (!writable) {
      throw notPiped("stdin");
    }
    return process.getOutputStream();
  }

  /**
   * What the child writes to its standard output.
   *
   * @throws IllegalStateException if it is no pipe
   */
  public ChildOutput stdout() {
    return piped("stdout", stdout);
  }

  /**
   * What the child writes to its standard error.
   *
   * @throws IllegalStateException if it is no pipe, or goes where the output goes
   */
  public ChildOutput stderr() {
    return piped("stderr", stderr);
  }

  private static ChildOutput piped(String name, @Nullable ChildOutput output) {
    if (output == null) {
      throw notPiped(name);
    }
    return output;
  }

  private static IllegalStateException notPiped(String name) {
    return new IllegalStateException(name + " is no pipe; the options lead it elsewhere");
  }

  /**
   * Waits until the child has connected to the socket that it was offered, and answers with this
   * program's end: a duplex channel of bytes, to be closed by the caller. It may be asked for when
   * the child has ended, which is how to close it if it is not wanted.
   *
   * @throws IOException if the child ends without connecting, or the socket was taken already
   * @throws java.io.InterruptedIOException if the thread is interrupted
   * @throws IllegalStateException if {@link SpawnOptions.Builder#socket} was not set
   */
  public SocketChannel socket() throws IOException {
    if (socket == null) {
      throw new IllegalStateException("the child was offered no socket; set SpawnOptions.socket()");
    }
    return socket.accept();
  }

  /** Completes when the process has ended, though its output may still be read. */
  public CompletableFuture<ExitStatus> onExit() {
    return exit.copy();
  }

  /**
   * Completes after {@link #onExit}, when its output was read to the end too, and told to those who
   * subscribed or listened before this was called. What it left behind may hold the output open; an
   * output that nobody takes holds nothing up.
   */
  public CompletableFuture<ExitStatus> onClose() {
    return exit.thenCombine(
            CompletableFuture.allOf(ended(stdout), ended(stderr)), (status, ended) -> status)
        .thenApplyAsync(Function.identity(), callbacks);
  }

  private static CompletableFuture<@Nullable Void> ended(@Nullable ChildOutput output) {
    return output == null ? CompletableFuture.completedFuture(null) : output.ended();
  }

  /** Sends {@code SIGTERM}; see {@link #kill(String)}. */
  public boolean kill() {
    return kill("SIGTERM");
  }

  /**
   * Sends a signal to the process itself; others than {@code SIGTERM} and {@code SIGKILL} reach it
   * soon after this returns, by the guard. (A JVM of before 22 starts its children with {@code
   * SIGQUIT} blocked, so that one waits until the program unblocks it, as other JVMs do.)
   *
   * @param signal its name, with or without SIG
   * @return false if the process has ended
   * @throws IllegalArgumentException if there is no such signal
   * @throws UnsupportedOperationException for others than {@code SIGTERM} and {@code SIGKILL} where
   *     there is no {@code sh}
   */
  public boolean kill(String signal) {
    String name = Signals.checked(signal);
    if (!process.isAlive()) {
      return false;
    }
    send(name, process.toHandle());
    return true;
  }

  private void send(String signal, ProcessHandle to) {
    switch (signal) {
      case "SIGTERM" -> to.destroy();
      case "SIGKILL" -> to.destroyForcibly();
      default -> byGuard(with -> with.signal(Signals.withoutPrefix(signal), to, false));
    }
  }

  /** From now on what it leaves behind ends with it. */
  void killTreeWhenItExits() {
    killTreeOnExit = true;
  }

  /** Sends a signal to the process and all of its group, or without one to its descendants. */
  void killGroup(String signal) {
    if (!process.isAlive()) {
      return;
    }
    if (reach == ProcessGuard.Reach.TREE) {
      Descendants descendants = new Descendants(process);
      signalled = descendants;
      kill(signal);
      descendants.forEach(each -> send(signal, each));
    } else {
      byGuard(with -> with.signal(Signals.withoutPrefix(signal), process.toHandle(), true));
    }
  }

  /**
   * Kills the process with {@code SIGKILL}, and all that it started: its descendants, and whoever
   * else is in the session that it leads. When the process has ended this does nothing, since its
   * id may be another's by then; for what it leaves behind there is {@link
   * SpawnOptions.Builder#killTreeOnExit}.
   *
   * @return completes when none is left, or after 5 s
   */
  public CompletableFuture<@Nullable Void> killTree() {
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    if (!process.isAlive()) {
      complete(gone, dead.copy());
      return gone;
    }
    // Asked before the kill: the others are to end also if this one is quick to.
    Descendants descendants = new Descendants(process);
    CompletableFuture<? extends @Nullable Object> others;
    if (reach == ProcessGuard.Reach.SESSION && descendants.areInSession(process.pid())) {
      kill(descendants);
      others = reap(ProcessGuard.Reach.SESSION);
    } else {
      // By the guard first, which takes longer: it stops them, so that none can start another
      // meanwhile that would be found neither by its parent nor by its session.
      others = reap(ProcessGuard.Reach.TREE).thenRun(() -> kill(descendants));
    }
    complete(
        gone, CompletableFuture.allOf(others.thenCompose(done -> descendants.ended(gone)), dead));
    return gone;
  }

  private void complete(CompletableFuture<@Nullable Void> gone, CompletableFuture<?> ended) {
    ended
        .completeOnTimeout(null, REAP_SECONDS, TimeUnit.SECONDS)
        .thenRunAsync(() -> gone.complete(null), callbacks);
  }

  private void kill(Descendants descendants) {
    process.toHandle().destroyForcibly();
    descendants.kill();
  }

  /** Kills what is in that reach, once: a second question would take the first one's answer. */
  private CompletableFuture<@Nullable Void> reap(ProcessGuard.Reach what) {
    if (reaps.compareAndSet(false, true)) {
      try {
        byGuard(with -> with.reap(process.pid(), what).thenRun(() -> reaped.complete(null)));
      } catch (UnsupportedOperationException noGuard) {
        reaped.complete(null);
      }
    }
    return reaped;
  }

  private CompletableFuture<?> reapTree(long pid) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    try {
      byGuard(with -> with.reap(pid, ProcessGuard.Reach.TREE).thenRun(() -> done.complete(null)));
    } catch (UnsupportedOperationException noGuard) {
      done.complete(null);
    }
    return done;
  }

  private void byGuard(Consumer<ProcessGuard> action) {
    if (guard != null) {
      action.accept(guard);
      return;
    }
    ProcessGuard shared;
    try {
      shared = SharedGuard.acquire();
    } catch (IOException e) {
      throw new UnsupportedOperationException("the process that sends signals can't be started", e);
    }
    try {
      action.accept(shared);
    } finally {
      SharedGuard.release();
    }
  }

  Callbacks callbacks() {
    return callbacks;
  }

  @Override
  public String toString() {
    return "process " + pid() + " (" + ProcessStartException.quoted(command) + ")";
  }
}
