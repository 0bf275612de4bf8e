package dev.forkyard.process;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run of a program whose output is collected. */
final class Exec {

  private static final int DRAIN_MILLIS = 1_000;
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  private enum Stop {
    NONE,
    TIMEOUT,
    CANCEL,
    MAX_BUFFER
  }

  private final List<String> command;
  private final ExecOptions options;
  private final long startNanos = System.nanoTime();
  private final CompletableFuture<ExecResult> future = new CompletableFuture<>();
  private final CompletableFuture<Boolean> timer = new CompletableFuture<>();
  private final CompletableFuture<Boolean> grace = new CompletableFuture<>();
  private final @Nullable Capture all;
  private final Capture stdout;
  private final Capture stderr;

  private @Nullable ChildProcess child;
  private Stop stop = Stop.NONE;
  private boolean forced;

  private Exec(List<String> command, ExecOptions options) {
    this.command = command;
    this.options = options;
    this.all = options.interleaved() ? new Capture(Integer.MAX_VALUE, null, () -> {}) : null;
    this.stdout = new Capture(options.maxBuffer(), all, () -> stop(Stop.MAX_BUFFER));
    this.stderr = new Capture(options.maxBuffer(), all, () -> stop(Stop.MAX_BUFFER));
  }

  static CompletableFuture<ExecResult> run(List<String> command, ExecOptions options) {
    Exec exec = new Exec(List.copyOf(command), options);
    exec.start();
    return exec.future;
  }

  private void start() {
    SpawnOptions.Streams streams =
        new SpawnOptions.Streams(options.stdin(), Stdio.pipe(), Stdio.pipe(), false);
    ChildProcess started;
    OutputSource out;
    OutputSource err;
    try {
      Launch launch = new Launch(command, options, streams);
      out = launch.stdout();
      err = launch.stderr();
      started =
          new ChildProcess(
              ChildProcess.start(
                  launch, SpawnOptions.defaults(), new Callbacks(), null, null, stdout, stderr));
    } catch (ProcessStartException e) {
      future.completeExceptionally(ExecException.notStarted(command, options, e));
      return;
    }
    setChild(started);
    started.watch();
    started.onExit().thenAccept(status -> ended(status, out, err));
    feed(started);
    limit();
    // Whoever else completes the future no longer wants the program.
    future.whenComplete((result, error) -> abandon(started));
  }

  private synchronized void setChild(ChildProcess started) {
    child = started;
    if (stop != Stop.NONE) {
      Callbacks.unordered().execute(() -> signal(started));
    }
  }

  private void feed(ChildProcess started) {
    byte[] input = options.input();
    if (input != null) {
      Callbacks.unordered()
          .execute(
              () -> {
                try (OutputStream in = started.stdin()) {
                  in.write(input);
                } catch (IOException notReadToTheEnd) {
                  // A program need not read its input.
                }
              });
    }
  }

  private void limit() {
    Duration timeout = options.timeout();
    if (timeout != null) {
      after(timer, timeout, () -> stop(Stop.TIMEOUT));
    }
    CompletableFuture<?> cancelOn = options.cancelOn();
    if (cancelOn != null) {
      // One signal may serve many programs, and must not keep those that have ended.
      CompletableFuture.anyOf(cancelOn, future).whenComplete((value, error) -> stop(Stop.CANCEL));
    }
  }

  /**
   * Runs it when the time has passed, unless the future is completed with false before: not
   * cancelled, since then the JDK 17 of before 2023 keeps its timer.
   */
  private static void after(CompletableFuture<Boolean> wait, Duration time, Runnable action) {
    wait.thenAccept(
        expired -> {
          if (expired) {
            Callbacks.unordered().execute(action);
          }
        });
    long nanos = time.compareTo(LONGEST) < 0 ? time.toNanos() : Long.MAX_VALUE;
    wait.completeOnTimeout(true, nanos, TimeUnit.NANOSECONDS);
  }

  /**
   * The first reason counts. A program that has ended by itself is neither late nor canceled, but
   * may have written too much.
   */
  private synchronized void stop(Stop why) {
    ChildProcess running = child;
    boolean tooLate = why != Stop.MAX_BUFFER && running != null && !running.isAlive();
    if (stop == Stop.NONE && !tooLate && !future.isDone()) {
      stop = why;
      if (running != null) {
        Callbacks.unordered().execute(() -> signal(running));
      }
    }
  }

  private void signal(ChildProcess running) {
    running.killTreeWhenItExits();
    running.killGroup(options.killSignal());
    if (options.killGrace().isZero()) {
      force(running);
    } else {
      after(grace, options.killGrace(), () -> force(running));
    }
  }

  private void force(ChildProcess running) {
    synchronized (this) {
      forced = running.isAlive();
    }
    var unused = running.killTree();
  }

  private void abandon(ChildProcess started) {
    timer.complete(false);
    if (started.isAlive()) {
      started.killTreeWhenItExits();
      var unused = started.killTree();
    }
  }

  /** The rest of the output is waited for, but not for ever. */
  private void ended(ExitStatus status, @Nullable OutputSource out, @Nullable OutputSource err) {
    timer.complete(false);
    grace.complete(false);
    CompletableFuture.allOf(stdout.ended(), stderr.ended())
        .completeOnTimeout(null, DRAIN_MILLIS, TimeUnit.MILLISECONDS)
        .thenRunAsync(
            () -> {
              close(out);
              close(err);
              complete(status);
            },
            Callbacks.unordered());
  }

  private static void close(@Nullable OutputSource source) {
    if (source != null) {
      source.close();
    }
  }

  private void complete(ExitStatus status) {
    try {
      tell(status);
    } catch (OutOfMemoryError noRoomForTheResult) {
      stdout.fail(noRoomForTheResult);
      stderr.fail(noRoomForTheResult);
      tell(status);
    }
  }

  private void tell(ExitStatus status) {
    ExecException failure = failure(status);
    // Without the lock: this calls the user's code, and the thread that reads all pipes may want
    // it.
    if (failure == null) {
      future.complete(result(status));
    } else {
      future.completeExceptionally(failure);
    }
  }

  private synchronized @Nullable ExecException failure(ExitStatus status) {
    OutOfMemoryError unkept = stdout.failure() == null ? stderr.failure() : stdout.failure();
    if (status.success() && stop == Stop.NONE && unkept == null) {
      return null;
    }
    return new ExecException(
        result(status),
        stop == Stop.TIMEOUT,
        stop == Stop.CANCEL,
        // It may have heeded the kill signal after all, just when its time was up.
        forced && !status.signal().equals(Optional.of(options.killSignal())),
        stdout.overflowed(),
        stderr.overflowed(),
        why(status, unkept),
        unkept);
  }

  private ExecResult result(ExitStatus status) {
    return new ExecResult(
        command,
        status.exitCode(),
        status.signal(),
        stdout.bytes(),
        stderr.bytes(),
        all == null ? null : all.bytes(),
        options.charset(),
        Duration.ofNanos(System.nanoTime() - startNanos));
  }

  private static long millis(@Nullable Duration duration) {
    return duration == null ? 0 : duration.toMillis();
  }

  private String why(ExitStatus status, @Nullable OutOfMemoryError unkept) {
    return switch (stop) {
      case TIMEOUT -> "timed out after " + millis(options.timeout()) + " ms and " + status;
      case CANCEL -> "was canceled and " + status;
      case MAX_BUFFER ->
          "wrote more than maxBuffer ("
              + options.maxBuffer()
              + " bytes) to "
              + (stdout.overflowed() ? "stdout" : "stderr")
              + " and "
              + status;
      case NONE ->
          unkept == null
              ? status.toString()
              : "wrote more than there is room for in the heap and " + status;
    };
  }
}
