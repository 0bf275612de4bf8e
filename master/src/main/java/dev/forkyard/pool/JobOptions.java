package dev.forkyard.pool;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How one job is to be run. Immutable; each {@code with} method answers with a changed copy. */
public final class JobOptions {

  /** The scheduler's clock counts nanoseconds in a long, and must be able to add to them. */
  private static final Duration FOR_EVER = Duration.ofDays(50 * 365);

  private static final JobOptions DEFAULTS = new JobOptions(null, null, 0);

  private final @Nullable Duration timeout;
  private final @Nullable Duration queueTimeout;
  private final int retries;

  private JobOptions(@Nullable Duration timeout, @Nullable Duration queueTimeout, int retries) {
    this.timeout = timeout;
    this.queueTimeout = queueTimeout;
    this.retries = retries;
  }

  /** No deadline, no retry. */
  public static JobOptions defaults() {
    return DEFAULTS;
  }

  /** Short for {@code defaults().withTimeout(timeout)}. */
  public static JobOptions timeout(Duration timeout) {
    return DEFAULTS.withTimeout(timeout);
  }

  /** Short for {@code defaults().withRetries(retries)}. */
  public static JobOptions retries(int retries) {
    return DEFAULTS.withRetries(retries);
  }

  /**
   * How long each attempt may run, from the moment the handler starts. Then the future ends with
   * {@link JobTimeoutException}, and the worker and all it started are killed. More than 50 years
   * is for ever.
   *
   * @throws IllegalArgumentException if it is zero or negative
   */
  public JobOptions withTimeout(Duration timeout) {
    return new JobOptions(positive("timeout", timeout), queueTimeout, retries);
  }

  /**
   * How long the job may wait for a worker. Then it ends with {@link JobTimeoutException} and never
   * runs. More than 50 years is for ever.
   *
   * @throws IllegalArgumentException if it is zero or negative
   */
  public JobOptions withQueueTimeout(Duration queueTimeout) {
    return new JobOptions(timeout, positive("queueTimeout", queueTimeout), retries);
  }

  /**
   * How often the job is run again when the worker that ran it died. By default it is not, since it
   * may have done half of its work. An exception or a timeout is not retried.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public JobOptions withRetries(int retries) {
    if (retries < 0) {
      throw new IllegalArgumentException("retries must be 0 or more, but is " + retries);
    }
    return new JobOptions(timeout, queueTimeout, retries);
  }

  @Nullable Duration timeout() {
    return timeout;
  }

  @Nullable Duration queueTimeout() {
    return queueTimeout;
  }

  int retries() {
    return retries;
  }

  static Duration positive(String name, Duration value) {
    Objects.requireNonNull(value, name);
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + " must be more than zero, but is " + value);
    }
    return value;
  }

  /** As the scheduler counts it; 0 for null, and for ever at most. */
  static long nanos(@Nullable Duration duration) {
    if (duration == null) {
      return 0;
    }
    return (duration.compareTo(FOR_EVER) < 0 ? duration : FOR_EVER).toNanos();
  }

  @Override
  public String toString() {
    return "JobOptions[timeout="
        + timeout
        + ", queueTimeout="
        + queueTimeout
        + ", retries="
        + retries
        + "]";
  }
}
