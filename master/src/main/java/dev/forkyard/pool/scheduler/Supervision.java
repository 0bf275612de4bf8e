package dev.forkyard.pool.scheduler;

/** Decides when the next worker may be launched, and when launching has become hopeless. */
final class Supervision {

  private final SchedulerConfig config;
  private int failedInRow;
  private int killedInRow;
  private long notBeforeNanos;

  Supervision(SchedulerConfig config) {
    this.config = config;
  }

  /**
   * A worker died before it could show that it works.
   *
   * @param killed whether it was killed from outside, which tells little about the next one
   */
  void failed(boolean killed, long now) {
    if (killed) {
      killedInRow++;
    } else {
      failedInRow++;
    }
    int doublings = Math.min(failedInRow + killedInRow - 1, 20);
    long pause = Math.min(config.minBackoffNanos() << doublings, config.maxBackoffNanos());
    notBeforeNanos = now + pause;
  }

  /** A worker answered for a job. */
  void proved() {
    failedInRow = 0;
    killedInRow = 0;
  }

  /** How long a launch must wait; 0 or less is not at all. */
  long pauseNanos(long now) {
    return failedInRow + killedInRow == 0 ? 0 : notBeforeNanos - now;
  }

  boolean hopeless() {
    return failedInRow >= config.bootBudget() || killedInRow >= config.killedBootBudget();
  }
}
