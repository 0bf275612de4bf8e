package dev.forkyard.pool;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A deadline of the job passed. If it ran, its worker is killed. */
public final class JobTimeoutException extends JobException {

  private static final long serialVersionUID = 1L;

  /** Which deadline passed. */
  public enum Deadline {
    /** It waited too long for a worker and never ran. */
    QUEUE,
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
      JobReport report) {
    super(message, null, report);
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
   * The stacks of the worker's threads at the deadline; empty if the worker did not answer in time.
   */
  public Optional<String> threadDump() {
    return Optional.ofNullable(threadDump);
  }
}
