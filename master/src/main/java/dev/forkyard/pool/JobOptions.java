package dev.forkyard.pool;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How one job is to be run. Immutable; each {@code with} method answers with a changed copy. */
public final class JobOptions {

  /** The scheduler's clock counts nanoseconds in a long, and must be able to add to them. */
  private static final Duration FOR_EVER = Duration.ofDays(50 * 365);

  private static final JobOptions DEFAULTS = new JobOptions();

  // Written before the first one else sees it, and never after.
  private @Nullable Duration timeout;
  private @Nullable Duration softTimeout;
  private @Nullable Duration stallTimeout;
  private @Nullable Duration queueTimeout;
  private int retries;

  private JobOptions() {}

  private JobOptions with(Consumer<JobOptions> change) {
    JobOptions copy = new JobOptions();
    copy.timeout = timeout;
    copy.softTimeout = softTimeout;
    copy.stallTimeout = stallTimeout;
    copy.queueTimeout = queueTimeout;
    copy.retries = retries;
    change.accept(copy);
    copy.check();
    return copy;
  }

  private void check() {
    if (timeout != null && softTimeout != null && softTimeout.compareTo(timeout) >= 0) {
      throw new IllegalArgumentException(
          "softTimeout must be less than timeout (" + timeout + "), but is " + softTimeout);
    }
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
   * @throws IllegalArgumentException if it is zero or negative, or not more than the soft timeout
   */
  public JobOptions withTimeout(Duration timeout) {
    positive("timeout", timeout);
    return with(copy -> copy.timeout = timeout);
  }

  /**
   * How long each attempt may run until it is asked to stop: {@code JobContext.cancelled} is true
   * from then on, and its thread is interrupted, once. A job that then answers has that as its
   * result; one that throws ends with a {@link JobTimeoutException} with the exception as its
   * cause. Its worker lives on in both cases. A job that does not heed it runs on until its {@link
   * #withTimeout timeout}, if it has one. More than 50 years is for ever.
   *
   * @throws IllegalArgumentException if it is zero or negative, or not less than the timeout
   */
  public JobOptions withSoftTimeout(Duration softTimeout) {
    positive("softTimeout", softTimeout);
    return with(copy -> copy.softTimeout = softTimeout);
  }

  /**
   * How long each attempt may run without a call of {@code JobContext.progress}, counted from its
   * start and from each such call. Then it ends as it does at its {@link #withTimeout timeout}.
   * More than 50 years is for ever.
   *
   * @throws IllegalArgumentException if it is zero or negative
   */
  public JobOptions withStallTimeout(Duration stallTimeout) {
    positive("stallTimeout", stallTimeout);
    return with(copy -> copy.stallTimeout = stallTimeout);
  }

  /**
   * How long the job may wait for a worker. Then it ends with {@link JobTimeoutException} and never
   * runs. More than 50 years is for ever.
   *
   * @throws IllegalArgumentException if it is zero or negative
   */
  public JobOptions withQueueTimeout(Duration queueTimeout) {
    positive("queueTimeout", queueTimeout);
    return with(copy -> copy.queueTimeout = queueTimeout);
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
    return with(copy -> copy.retries = retries);
  }

  @Nullable Duration timeout() {
    return timeout;
  }

  @Nullable Duration softTimeout() {
    return softTimeout;
  }

  @Nullable Duration stallTimeout() {
    return stallTimeout;
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
        + ", softTimeout="
        + softTimeout
        + ", stallTimeout="
        + stallTimeout
        + ", queueTimeout="
        + queueTimeout
        + ", retries="
        + retries
        + "]";
  }
}
