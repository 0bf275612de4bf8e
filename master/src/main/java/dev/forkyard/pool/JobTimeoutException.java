package dev.forkyard.pool;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A deadline of the job passed. If it ran, its worker is killed; but after a soft timeout at which
 * the job ended by itself, its worker goes on; and where workers have several slots ({@link
 * ProcessPool.Builder#slotsPerWorker}) it also does when the job ended once it was asked to.
 */
public final class JobTimeoutException extends JobException {

  private static final long serialVersionUID = 1L;

  /** Which deadline passed. */
  public enum Deadline {
    /** It waited too long for a worker and never ran. */
    QUEUE,
    /**
     * It was asked to stop, and ended by an exception, which is the cause. What it answers instead
     * counts as its result.
     */
    SOFT,
    /** It ran too long. */
    RUN,
    /** It made no progress for too long. */
    STALL
  }

  private final Deadline deadline;
  private final Duration timeout;
  private final @Nullable String threadDump;

  JobTimeoutException(
      String message,
      Deadline deadline,
      Duration timeout,
      @Nullable String threadDump,
      @Nullable Throwable cause,
      JobReport report) {
    super(message, cause, report);
    this.deadline = deadline;
    this.timeout = timeout;
    this.threadDump = threadDump;
  }

  /** Which deadline passed. */
  public Deadline deadline() {
    return deadline;
  }

  /** How long the job was given. */
  public Duration timeout() {
    return timeout;
  }

  /**
   * The stacks of the worker's threads at the deadline. A worker that does not answer in time,
   * since it is stopped or no safepoint comes, leaves what the kernel knows of its threads (names,
   * states and CPU time), on Linux. Empty for a job that waited or ended by itself, and elsewhere.
   */
  public Optional<String> threadDump() {
    return Optional.ofNullable(threadDump);
  }
}
