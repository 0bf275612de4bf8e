package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/** Decides when the next worker may be launched, and when launching has become hopeless. */
final class Supervision {

  private final SchedulerConfig config;
  private final Backoff backoff;
  private boolean everBooted;
  private @Nullable String lastCause;
  private int alikeInRow;
  private int failedInRow;
  private int killedInRow;
  private long notBeforeNanos;

  Supervision(SchedulerConfig config) {
    this.config = config;
    this.backoff = new Backoff(config.seed() + 1);
  }

  /**
   * A worker died before it could show that it works.
   *
   * @param killed whether it was killed from outside, which tells little about the next one
   * @param cause what it ended of by itself before it greeted, where that is known
   */
  void failed(boolean killed, @Nullable String cause, long now) {
    if (killed) {
      killedInRow++;
    } else {
      failedInRow++;
      if (cause != null) {
        alikeInRow = cause.equals(lastCause) ? alikeInRow + 1 : 1;
        lastCause = cause;
      }
    }
    long pause =
        backoff.pauseNanos(
            config.minBackoffNanos(), config.maxBackoffNanos(), failedInRow + killedInRow - 1);
    notBeforeNanos = now + pause;
  }

  /** A worker greeted: whatever ended others before is not in the way of all. */
  void booted() {
    everBooted = true;
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

  /** What ends all first boots alike is a wrong setting, which time does not heal. */
  boolean hopeless() {
    return (!everBooted && alikeInRow >= config.firstBootBudget())
        || failedInRow >= config.bootBudget()
        || killedInRow >= config.killedBootBudget();
  }
}
