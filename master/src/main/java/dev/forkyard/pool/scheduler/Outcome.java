package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/** How a job ended. */
public sealed interface Outcome {

  /**
   * Its worker answered.
   *
   * @param ok whether with a result; otherwise the job failed by itself
   * @param reply the answer, as the pool handed it in
   */
  record Replied(boolean ok, Object reply) implements Outcome {}

  /**
   * Its worker died.
   *
   * @param finished whether the job had ended and only its reply was lost
   * @param runNanos how long it had run; 0 where that is not known
   */
  record Lost(boolean finished, long runNanos) implements Outcome {}

  /**
   * It ran too long, or too long without progress.
   *
   * @param deadline which of its deadlines passed
   * @param dump null if the worker gave none in time
   * @param runNanos how long it had run when it was condemned
   */
  record TimedOut(Deadline deadline, @Nullable String dump, long runNanos) implements Outcome {}

  /** It waited too long and never ran. */
  record Expired() implements Outcome {}

  /** It was cancelled, or the pool was shut down at once. */
  record Cancelled() implements Outcome {}

  /** The scheduler was closed before it came. */
  record Refused() implements Outcome {}

  /** It was for one worker alone, which was gone, or on its way out, before it started the job. */
  record Gone() implements Outcome {}

  /** No worker boots any more. */
  record Broken() implements Outcome {}
}
