package dev.forkyard.worker;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A context for unit tests of handlers, which need no worker: {@code new WordCount().handle("one
 * two", new TestJobContext())}. Each {@code with} method answers with a changed copy.
 */
public final class TestJobContext implements JobContext {

  private final long jobId;
  private final int attempt;
  private final @Nullable Duration timeout;
  private final Map<String, String> settings;
  private final Map<String, String> headers;
  private final int slot;
  private final long madeNanos = System.nanoTime();
  private final AtomicLong progressed = new AtomicLong();
  private final List<Object> sent = new CopyOnWriteArrayList<>();
  private final Queue<Object> toReceive = new ConcurrentLinkedQueue<>();
  private volatile boolean cancelled;

  /** Of a job with the id 1, in its first attempt, without a timeout and without settings. */
  public TestJobContext() {
    this(1, 1, null, Map.of(), Map.of(), 0);
  }

  private TestJobContext(
      long jobId,
      int attempt,
      @Nullable Duration timeout,
      Map<String, String> settings,
      Map<String, String> headers,
      int slot) {
    this.jobId = jobId;
    this.attempt = attempt;
    this.timeout = timeout;
    this.settings = settings;
    this.headers = headers;
    this.slot = slot;
  }

  /** Another job. */
  public TestJobContext withJobId(long jobId) {
    return new TestJobContext(jobId, attempt, timeout, settings, headers, slot);
  }

  /**
   * Another attempt.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public TestJobContext withAttempt(int attempt) {
    if (attempt < 1) {
      throw new IllegalArgumentException("attempt must be at least 1, but is " + attempt);
    }
    return new TestJobContext(jobId, attempt, timeout, settings, headers, slot);
  }

  /** A job that may run for so long, from now on. */
  public TestJobContext withTimeout(Duration timeout) {
    return new TestJobContext(
        jobId, attempt, Objects.requireNonNull(timeout, "timeout"), settings, headers, slot);
  }

  /** A worker with one setting more; this is what {@link JobHandler#start} may be given too. */
  public TestJobContext withSetting(String name, String value) {
    Map<String, String> more = new HashMap<>(settings);
    more.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    return new TestJobContext(jobId, attempt, timeout, Map.copyOf(more), headers, slot);
  }

  /** A job with one header more. */
  public TestJobContext withHeader(String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    return new TestJobContext(jobId, attempt, timeout, settings, Map.copyOf(more), slot);
  }

  /**
   * Another slot; this is what {@link JobHandler#start} may be given too.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public TestJobContext withSlot(int slot) {
    if (slot < 0) {
      throw new IllegalArgumentException("slot must be at least 0, but is " + slot);
    }
    return new TestJobContext(jobId, attempt, timeout, settings, headers, slot);
  }

  /** Asks the job to stop, as a soft timeout does; to interrupt its thread is the test's. */
  public void cancel() {
    cancelled = true;
  }

  /** How often the job told of progress. */
  public long progressCalls() {
    return progressed.get();
  }

  /** What the job has sent, in that order. */
  public List<Object> sent() {
    return List.copyOf(sent);
  }

  /** The job receives this, after those before it of the same class. */
  public void deliver(Object message) {
    toReceive.add(Objects.requireNonNull(message, "message"));
  }

  @Override
  public long jobId() {
    return jobId;
  }

  @Override
  public int attempt() {
    return attempt;
  }

  @Override
  public Optional<Duration> remaining() {
    if (timeout == null) {
      return Optional.empty();
    }
    Duration left = timeout.minusNanos(System.nanoTime() - madeNanos);
    return Optional.of(left.isNegative() ? Duration.ZERO : left);
  }

  @Override
  public void progress() {
    progressed.incrementAndGet();
  }

  @Override
  public boolean send(Object message) {
    progress();
    return sent.add(Objects.requireNonNull(message, "message"));
  }

  /** Does not wait: what there is was delivered before. */
  @Override
  public <T> Optional<T> receive(Class<T> type, Duration timeout) {
    for (Iterator<Object> each = toReceive.iterator(); each.hasNext(); ) {
      Object message = each.next();
      if (type.isInstance(message)) {
        each.remove();
        return Optional.of(type.cast(message));
      }
    }
    return Optional.empty();
  }

  @Override
  public boolean cancelled() {
    return cancelled;
  }

  @Override
  public Map<String, String> headers() {
    return headers;
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }

  @Override
  public int slot() {
    return slot;
  }
}
