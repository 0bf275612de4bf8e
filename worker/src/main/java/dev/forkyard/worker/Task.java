package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.Encoding;
import dev.forkyard.protocol.Scoreboard;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** One job in this worker's hands: either its job thread claims it, or a recall does. */
final class Task implements JobContext, ItemSink {

  /** Of the end of all work; no job has this id. */
  private static final long LEAVE = 0;

  private static final AtomicIntegerFieldUpdater<Task> CLAIMED =
      AtomicIntegerFieldUpdater.newUpdater(Task.class, "claimed");

  private static final Duration FOR_EVER = Duration.ofDays(50 * 365);

  final String handlerName;
  final Encoding encoding;

  private final long jobId;
  private final int attempt;
  private final long deadlineNanos;

  private volatile int claimed;
  private volatile boolean cancelled;
  private volatile @Nullable Scoreboard scoreboard;
  private long startedNanos;

  /** 0 where nobody wants to know. */
  private long arrivedNanos;

  /** Its slot's; from its start on. */
  private @Nullable WorkerContext context;

  private final List<String> headers;
  private byte @Nullable [] payload;

  /** Null unless it was opened, before it was handed to the job thread. */
  private @Nullable TaskMessages messages;

  /** Another in the same {@link Inbox}; its business alone. */
  @Nullable Task next;

  Task(Frame.Run run, String handlerName) {
    this.handlerName = handlerName;
    this.encoding = run.encoding();
    this.jobId = run.jobId();
    this.attempt = run.attempt();
    this.deadlineNanos = run.deadlineNanosLeft();
    this.headers = run.headers();
    this.payload = run.payload();
  }

  /** The end of all work. */
  static Task leave() {
    return new Task(new Frame.Run(LEAVE, 0, null, 0, 0, Encoding.BINARY, null), "");
  }

  boolean isLeave() {
    return jobId == LEAVE;
  }

  /** Whether the caller is the first to claim it. */
  boolean claim() {
    return CLAIMED.compareAndSet(this, 0, 1);
  }

  boolean isClaimed() {
    return claimed != 0;
  }

  /** Before it is handed to the job thread. */
  void arrived(long nanos) {
    arrivedNanos = nanos;
  }

  /** Before it is handed to the job thread: it may send and be sent this. */
  void open(@Nullable TaskMessages opened) {
    messages = opened;
  }

  /** Whether it may send, and what it sent may still have to be written at its end. */
  boolean isOpen() {
    return messages != null;
  }

  /** From its arrival to its start; 0 where that is not known. */
  long waitedNanos() {
    return arrivedNanos == 0 ? 0 : Math.max(0, startedNanos - arrivedNanos);
  }

  void start(long nanos) {
    startedNanos = nanos;
  }

  /** From here to its {@link #end} it may tell of progress. */
  void start(long nanos, @Nullable Scoreboard board, WorkerContext where) {
    context = where;
    start(nanos);
    scoreboard = board;
  }

  long startedNanos() {
    return startedNanos;
  }

  void cancel() {
    cancelled = true;
  }

  /** Interrupts it, and never what the thread does next. */
  synchronized void stop(Thread jobThread) {
    if (scoreboard != null) {
      cancelled = true;
      jobThread.interrupt();
    }
  }

  /** From here on nothing that is meant for it reaches its thread, and it sends nothing. */
  void end() {
    endInterrupts();
    if (messages != null) {
      messages.end();
    }
  }

  private synchronized void endInterrupts() {
    scoreboard = null;
  }

  /** After its end, when its thread is not interrupted any more: what it sent is written. */
  void flush() {
    if (messages != null) {
      messages.flush();
    }
  }

  @Override
  public boolean send(Object message) throws InterruptedException {
    Objects.requireNonNull(message, "message");
    progress();
    if (messages != null) {
      messages.send(MessageCodecs.encode(jobId, message, 0));
    }
    return messages != null;
  }

  @Override
  public <T> Optional<T> receive(Class<T> type, Duration timeout) throws InterruptedException {
    String name = MessageCodecs.checkedName(type);
    long nanos = nanos(timeout);
    if (messages == null) {
      TimeUnit.NANOSECONDS.sleep(nanos);
      return Optional.empty();
    }
    Frame.Message message = messages.receive(name, nanos);
    return message == null
        ? Optional.empty()
        : Optional.of(MessageCodecs.decode(type, message.payload()));
  }

  /** Within what the clock can count. */
  private static long nanos(Duration timeout) {
    return timeout.compareTo(FOR_EVER) < 0 ? timeout.toNanos() : FOR_EVER.toNanos();
  }

  @Override
  public void emit(byte[] item) throws InterruptedException {
    progress();
    if (messages == null) {
      throw new IllegalStateException(
          "job "
              + jobId
              + " emits items that nobody takes: run its handler by ProcessPool.stream or items");
    }
    messages.send(new Frame.Message(jobId, "", item, 0));
  }

  @Override
  public void progress() {
    Scoreboard board = scoreboard;
    if (board != null) {
      board.progress(slot(), System.nanoTime());
    }
  }

  long scoreboardRun() {
    return Scoreboard.run(jobId, attempt);
  }

  /** Its input, which it holds no longer; for whoever claimed it, once. */
  byte @Nullable [] takePayload() {
    byte[] taken = payload;
    payload = null;
    return taken;
  }

  @Override
  public long jobId() {
    return jobId;
  }

  @Override
  public Map<String, String> headers() {
    return JobHeaders.headers(headers);
  }

  /** Whether anything came along with it. */
  boolean hasHeaders() {
    return !headers.isEmpty();
  }

  Map<String, String> logContext() {
    return JobHeaders.logContext(headers);
  }

  @Override
  public int attempt() {
    return attempt;
  }

  @Override
  public Optional<Duration> remaining() {
    if (deadlineNanos == 0) {
      return Optional.empty();
    }
    long left = startedNanos + deadlineNanos - System.nanoTime();
    return Optional.of(Duration.ofNanos(Math.max(0, left)));
  }

  @Override
  public boolean cancelled() {
    return cancelled;
  }

  @Override
  public Map<String, String> settings() {
    return context == null ? Map.of() : context.settings();
  }

  @Override
  public int slot() {
    return context == null ? 0 : context.slot();
  }
}
