package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.JobSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How one job is to be run. Immutable; each {@code with} method answers with a changed copy. */
public final class JobOptions {

  /** The scheduler's clock counts nanoseconds in a long, and must be able to add to them. */
  private static final Duration FOR_EVER = Duration.ofDays(50 * 365);

  private static final JobOptions DEFAULTS = new JobOptions(new Draft());

  private final @Nullable Duration timeout;
  private final @Nullable Duration softTimeout;
  private final @Nullable Duration stallTimeout;
  private final @Nullable Duration queueTimeout;
  private final int retries;
  private final boolean retryLost;
  private final List<Class<? extends Throwable>> retriedExceptions;
  private final Duration backoff;
  private final Duration maxBackoff;
  private final int priority;
  private final @Nullable String label;
  private final SentHeaders headers;
  private final Conversation conversation;
  private final @Nullable String affinity;
  private final long workerId;

  /** What options are made of. */
  private static final class Draft {
    @Nullable Duration timeout;
    @Nullable Duration softTimeout;
    @Nullable Duration stallTimeout;
    @Nullable Duration queueTimeout;
    int retries;
    boolean retryLost = true;
    List<Class<? extends Throwable>> retriedExceptions = List.of();
    Duration backoff = Duration.ZERO;
    Duration maxBackoff = Duration.ZERO;
    int priority;
    @Nullable String label;
    SentHeaders headers = SentHeaders.NONE;
    Conversation conversation = Conversation.NONE;
    @Nullable String affinity;
    long workerId;
  }

  private JobOptions(Draft draft) {
    timeout = draft.timeout;
    softTimeout = draft.softTimeout;
    stallTimeout = draft.stallTimeout;
    queueTimeout = draft.queueTimeout;
    retries = draft.retries;
    retryLost = draft.retryLost;
    retriedExceptions = draft.retriedExceptions;
    backoff = draft.backoff;
    maxBackoff = draft.maxBackoff;
    priority = draft.priority;
    label = draft.label;
    headers = draft.headers;
    conversation = draft.conversation;
    affinity = draft.affinity;
    workerId = draft.workerId;
    if (timeout != null && softTimeout != null && softTimeout.compareTo(timeout) >= 0) {
      throw new IllegalArgumentException(
          "softTimeout must be less than timeout (" + timeout + "), but is " + softTimeout);
    }
  }

  private JobOptions with(Consumer<Draft> change) {
    Draft draft = new Draft();
    draft.timeout = timeout;
    draft.softTimeout = softTimeout;
    draft.stallTimeout = stallTimeout;
    draft.queueTimeout = queueTimeout;
    draft.retries = retries;
    draft.retryLost = retryLost;
    draft.retriedExceptions = retriedExceptions;
    draft.backoff = backoff;
    draft.maxBackoff = maxBackoff;
    draft.priority = priority;
    draft.label = label;
    draft.headers = headers;
    draft.conversation = conversation;
    draft.affinity = affinity;
    draft.workerId = workerId;
    change.accept(draft);
    return new JobOptions(draft);
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

  /** Short for {@code defaults().withQueueTimeout(queueTimeout)}. */
  public static JobOptions queueTimeout(Duration queueTimeout) {
    return DEFAULTS.withQueueTimeout(queueTimeout);
  }

  /** Short for {@code defaults().withStallTimeout(stallTimeout)}. */
  public static JobOptions stallTimeout(Duration stallTimeout) {
    return DEFAULTS.withStallTimeout(stallTimeout);
  }

  /** Short for {@code defaults().withPriority(priority)}. */
  public static JobOptions priority(int priority) {
    return DEFAULTS.withPriority(priority);
  }

  /** Short for {@code defaults().withLabel(label)}. */
  public static JobOptions label(String label) {
    return DEFAULTS.withLabel(label);
  }

  /** Short for {@code defaults().withAffinity(key)}. */
  public static JobOptions affinity(String key) {
    return DEFAULTS.withAffinity(key);
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
    return with(draft -> draft.timeout = timeout);
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
    return with(draft -> draft.softTimeout = softTimeout);
  }

  /** Both at once, since each has its bounds in the other; null leaves what is there. */
  JobOptions withTimeouts(@Nullable Duration timeout, @Nullable Duration softTimeout) {
    return with(
        draft -> {
          draft.timeout = timeout == null ? draft.timeout : positive("timeout", timeout);
          draft.softTimeout =
              softTimeout == null ? draft.softTimeout : positive("softTimeout", softTimeout);
        });
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
    return with(draft -> draft.stallTimeout = stallTimeout);
  }

  /**
   * How long the job may wait for its start, in the queue or behind others in a worker's hands.
   * Then it ends with {@link JobTimeoutException} and never runs. More than 50 years is for ever.
   *
   * @throws IllegalArgumentException if it is zero or negative
   */
  public JobOptions withQueueTimeout(Duration queueTimeout) {
    positive("queueTimeout", queueTimeout);
    return with(draft -> draft.queueTimeout = queueTimeout);
  }

  /**
   * How often the job is run again at most: when the worker that ran it died, and after the {@link
   * #withRetriedExceptions exceptions} that were chosen. By default it is not, since it may have
   * done half of its work. A timeout is not retried. A job whose every attempt ended with its
   * worker is given up with a {@link PoisonJobException}.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public JobOptions withRetries(int retries) {
    if (retries < 0) {
      throw new IllegalArgumentException("retries must be 0 or more, but is " + retries);
    }
    return with(draft -> draft.retries = retries);
  }

  /** Whether {@link #withRetries} counts for a worker that died; by default it does. */
  public JobOptions withRetryLost(boolean retryLost) {
    return with(draft -> draft.retryLost = retryLost);
  }

  /**
   * After which exceptions of the handler {@link #withRetries} counts too; by default after none.
   * The worker tells the name of the class that was thrown. It is one of these if it has the name
   * of one, or is a class of this program that extends one; {@link Throwable} is all of them.
   */
  @SafeVarargs
  public final JobOptions withRetriedExceptions(Class<? extends Throwable>... exceptions) {
    List<Class<? extends Throwable>> kinds = List.of(exceptions);
    return with(draft -> draft.retriedExceptions = kinds);
  }

  /**
   * How long to wait before a retry: the first time for about {@code first}, twice as long with
   * each further one, but {@code max} at most. Each pause is between half of that and all of it, by
   * chance, so that jobs which failed together don't come back together. By default there is none.
   *
   * @throws IllegalArgumentException if {@code first} is zero or negative, or more than {@code max}
   */
  public JobOptions withBackoff(Duration first, Duration max) {
    positive("backoff", first);
    if (first.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "backoff must be at most its max (" + max + "), but is " + first);
    }
    return with(
        draft -> {
          draft.backoff = first;
          draft.maxBackoff = max;
        });
  }

  /**
   * How urgent the job is, from -10 to 10; by default 0. Of jobs that wait, those of a higher
   * priority go first, and those of one priority in the order in which they came. So that none
   * waits for ever, a job only goes before those that have waited 10 s longer for each level
   * between them. A job that runs is not stopped for another.
   *
   * @throws IllegalArgumentException if it is less than -10 or more than 10
   */
  public JobOptions withPriority(int priority) {
    if (priority < JobSpec.MIN_PRIORITY || priority > JobSpec.MAX_PRIORITY) {
      throw new IllegalArgumentException("priority must be from -10 to 10, but is " + priority);
    }
    return with(draft -> draft.priority = priority);
  }

  /**
   * For whom the job is, where several share one pool. While jobs of several labels wait, their
   * labels take turns, one job at a time, so that one with many jobs does not hold up one with few;
   * a job's priority counts among those of its label. Jobs without a label share as if they had one
   * of their own.
   */
  public JobOptions withLabel(String label) {
    Objects.requireNonNull(label, "label");
    return with(draft -> draft.label = label);
  }

  /**
   * What is sent along with the job, in every attempt, for its handler to read by {@code
   * JobContext.headers}: a trace's {@code traceparent} and {@code baggage}, a tenant, and the like.
   * They replace those that were there.
   *
   * @throws IllegalArgumentException if a name begins with {@code forkyard-}, or all have more than
   *     16 KiB
   */
  public JobOptions withHeaders(Map<String, String> headers) {
    SentHeaders sent = SentHeaders.of(headers);
    return with(draft -> draft.headers = sent);
  }

  /** With the logging context of the thread that submits. */
  JobOptions withLogContext(Map<String, String> logContext) {
    SentHeaders sent = headers.with(logContext);
    return with(draft -> draft.headers = sent);
  }

  SentHeaders headers() {
    return headers;
  }

  /**
   * Who hears what the job sends by {@code JobContext.send}, such as how far it has got. The
   * listener is called with messages of this very class, one at a time and in the order in which
   * they were sent, by a thread of the pool's own that is there for this job alone; that of another
   * job may call it at the same time. The first that it throws is logged.
   *
   * <p>The future has the result, or the handler's exception, when the listeners have returned from
   * all that was sent before. Where the job ends in another way (its worker's death, a deadline, a
   * cancel) or is run again, what was not heard by then is dropped. While 256 messages or 1 MiB of
   * them were not heard, {@code JobContext.send} waits: a slow listener slows its own job down and
   * no other. A job that is run again sends again, by each attempt. Messages of classes without a
   * listener are dropped.
   *
   * @throws IllegalArgumentException if the class has a listener, or no message can be of it
   */
  public <T> JobOptions withListener(Class<T> type, Consumer<? super T> listener) {
    Conversation more = conversation.with(type, listener);
    return with(draft -> draft.conversation = more);
  }

  /**
   * The job can be sent messages by {@link JobFuture#send}. One with a {@link #withListener
   * listener} can be sent some anyway.
   */
  public JobOptions withMessages() {
    return with(draft -> draft.conversation = conversation.withSent());
  }

  /** What the job sends is heard by that, and by no listener. */
  JobOptions withHearer(Function<JobMessages, Hearer> hearer) {
    return with(draft -> draft.conversation = conversation.with(hearer));
  }

  Conversation conversation() {
    return conversation;
  }

  /**
   * Sends all jobs that have this key to the same worker, for what it keeps of them: a cache, a
   * session, an open file. The key gets the worker that runs its first job: one that idles, if any
   * does, with few keys. It stays with that for as long as it lives and is not about to be
   * replaced, also where others idle: a job waits for its worker. Then it gets another, and no
   * other key moves.
   *
   * <p>Jobs of one key run in the order that their priorities and labels give; on its worker, keys
   * and the jobs without one take turns. It is no lock: while a worker is replaced it may still run
   * a job of a key whose next one runs elsewhere. A pool remembers 65,536 keys; of more, it forgets
   * those first that have been without a job for longest.
   */
  public JobOptions withAffinity(String key) {
    Objects.requireNonNull(key, "key");
    return with(draft -> draft.affinity = key);
  }

  /**
   * For this worker and no other, before whatever else waits, whatever they say of priorities,
   * labels and keys. Without it there is nothing to be done again.
   */
  JobOptions onWorker(long id) {
    return with(
        draft -> {
          draft.workerId = id;
          draft.retryLost = false;
          draft.priority = 0;
          draft.label = null;
          draft.affinity = null;
        });
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

  boolean retryLost() {
    return retryLost;
  }

  Duration backoff() {
    return backoff;
  }

  Duration maxBackoff() {
    return maxBackoff;
  }

  int priority() {
    return priority;
  }

  @Nullable String label() {
    return label;
  }

  @Nullable String affinity() {
    return affinity;
  }

  /** 0 is any. */
  long workerId() {
    return workerId;
  }

  /** Whether a handler that threw this is run again. */
  boolean retries(String className) {
    for (Class<? extends Throwable> kind : retriedExceptions) {
      if (kind == Throwable.class || kind.getName().equals(className) || extend(className, kind)) {
        return true;
      }
    }
    return false;
  }

  private static boolean extend(String className, Class<?> kind) {
    try {
      return kind.isAssignableFrom(
          Class.forName(className, false, JobOptions.class.getClassLoader()));
    } catch (ClassNotFoundException | LinkageError unknown) {
      return false;
    }
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
        + ", retryLost="
        + retryLost
        + ", retriedExceptions="
        + retriedExceptions
        + ", backoff="
        + backoff
        + ", maxBackoff="
        + maxBackoff
        + ", priority="
        + priority
        + ", label="
        + label
        + ", headers="
        + headers.names()
        + ", messages="
        + conversation.sent()
        + ", listeners="
        + conversation.listeners().keySet()
        + ", affinity="
        + affinity
        + "]";
  }
}
