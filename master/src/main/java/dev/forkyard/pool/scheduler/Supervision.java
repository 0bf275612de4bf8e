package dev.forkyard.pool.scheduler;

/** Decides when the next worker may be launched, and when launching has become hopeless. */
final class Supervision {

  private final SchedulerConfig config;
  private int failuresInRow;
  private long notBeforeNanos;

  Supervision(SchedulerConfig config) {
    this.config = config;
  }

  /** A worker died before it could show that it works. */
  void failed(long now) {
    failuresInRow++;
    int doublings = Math.min(failuresInRow - 1, 20);
    long pause = Math.min(config.minBackoffNanos() << doublings, config.maxBackoffNanos());
    notBeforeNanos = now + pause;
  }

  /** A worker answered for a job. */
  void proved() {
    failuresInRow = 0;
  }

  /** How long a launch must wait; 0 or less is not at all. */
  long pauseNanos(long now) {
    return failuresInRow == 0 ? 0 : notBeforeNanos - now;
  }

  boolean hopeless() {
    return failuresInRow >= config.bootBudget();
  }
}
