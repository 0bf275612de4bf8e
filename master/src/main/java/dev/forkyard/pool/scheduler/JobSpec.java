package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * What the scheduler must know of a job.
 *
 * @param runNanos how long an attempt may run; 0 is without limit
 * @param softNanos how long an attempt may run until it is asked to stop; 0 is without limit
 * @param stallNanos how long an attempt may run without telling of progress; 0 is without limit
 * @param queueNanos how long it may wait for its first start; 0 is without limit
 * @param retries how many more attempts it gets
 * @param retryLost whether it is run again when its worker is lost
 * @param backoffNanos the pause before the first retry, doubled with each further one
 * @param maxBackoffNanos the longest pause
 * @param bytes the size of its input
 * @param priority from {@link #MIN_PRIORITY} to {@link #MAX_PRIORITY}; higher ones go first
 * @param label of those that share the workers with others; null where it has none
 * @param affinity a key; jobs that have the same one go to the same worker. Null where it has none
 * @param workerId of the worker that it is for, and no other; 0 where it is for any
 */
public record JobSpec(
    long runNanos,
    long softNanos,
    long stallNanos,
    long queueNanos,
    int retries,
    boolean retryLost,
    long backoffNanos,
    long maxBackoffNanos,
    int bytes,
    int priority,
    @Nullable String label,
    @Nullable String affinity,
    long workerId) {

  /** The least that a job may have. */
  public static final int MIN_PRIORITY = -10;

  /** The highest that a job may have. */
  public static final int MAX_PRIORITY = 10;

  /** No deadline, no retry, nothing to tell it from others. */
  public static final JobSpec PLAIN = new JobSpec(0, 0, 0, 0, 0, false, 0, 0, 0, 0, null, null, 0);

  /** Whether no other worker may have it than the one that it was given to, while that lives. */
  boolean tied() {
    return affinity != null || workerId != 0;
  }
}
