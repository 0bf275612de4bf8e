package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Scoreboard;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One job in this worker's hands: either its job thread claims it, or a recall does. */
final class Task implements JobContext {

  final Frame.Run run;
  final String handlerName;

  private final AtomicBoolean claimed = new AtomicBoolean();
  private volatile boolean cancelled;
  private volatile @Nullable Scoreboard scoreboard;
  private volatile long startedNanos;

  Task(Frame.Run run, String handlerName) {
    this.run = run;
    this.handlerName = handlerName;
  }

  /** Whether the caller is the first to claim it. */
  boolean claim() {
    return claimed.compareAndSet(false, true);
  }

  void start(long nanos) {
    startedNanos = nanos;
  }

  /** From here to its {@link #end} it may tell of progress. */
  void start(long nanos, Scoreboard board) {
    start(nanos);
    scoreboard = board;
  }

  void cancel() {
    cancelled = true;
  }

  /** Interrupts it, and never what the thread does next. */
  synchronized void stop(Thread jobThread) {
    if (scoreboard != null) {
      cancelled = true;
      jobThread.interrupt();
    }
  }

  /** From here on nothing that is meant for it reaches its thread. */
  synchronized void end() {
    scoreboard = null;
  }

  @Override
  public void progress() {
    Scoreboard board = scoreboard;
    if (board != null) {
      board.progress(System.nanoTime());
    }
  }

  long scoreboardRun() {
    return Scoreboard.run(run.jobId(), run.attempt());
  }

  byte @Nullable [] payload() {
    return run.payload();
  }

  @Override
  public long jobId() {
    return run.jobId();
  }

  @Override
  public int attempt() {
    return run.attempt();
  }

  @Override
  public Optional<Duration> remaining() {
    if (run.deadlineNanosLeft() == 0) {
      return Optional.empty();
    }
    long left = startedNanos + run.deadlineNanosLeft() - System.nanoTime();
    return Optional.of(Duration.ofNanos(Math.max(0, left)));
  }

  @Override
  public boolean cancelled() {
    return cancelled;
  }
}
