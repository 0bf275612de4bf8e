package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/** What a running job may exceed. */
public enum Deadline {
  /** It is asked to stop, and may go on until another deadline. */
  SOFT,
  /** It has told of no progress for too long. */
  STALL,
  /** It has run too long. */
  RUN;

  /** The next one of a job, and when it is. */
  record Due(Deadline deadline, long atNanos) {}

  /**
   * The next one of a job in this attempt; null if it has none.
   *
   * @param started when the attempt did
   * @param progressed when it last told of progress, or any time before its start
   */
  static @Nullable Due next(Job<?> job, long started, long progressed) {
    JobSpec spec = job.spec();
    Due due = null;
    if (spec.runNanos() > 0) {
      due = new Due(RUN, started + spec.runNanos());
    }
    if (spec.stallNanos() > 0) {
      long since = progressed - started > 0 ? progressed : started;
      due = earlier(due, new Due(STALL, since + spec.stallNanos()));
    }
    if (spec.softNanos() > 0 && !job.askedToStop()) {
      due = earlier(due, new Due(SOFT, started + spec.softNanos()));
    }
    return due;
  }

  private static Due earlier(@Nullable Due due, Due other) {
    return due == null || other.atNanos - due.atNanos < 0 ? other : due;
  }
}
