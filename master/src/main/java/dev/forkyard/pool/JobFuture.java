package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Job;
import dev.forkyard.worker.MessageCodecs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The future of one job. Whatever ends it from outside ({@code cancel}, {@code complete}, {@code
 * orTimeout} and the like) also releases the job: if it waits it never runs, if it runs its worker
 * is killed.
 *
 * <p>So does what ends a stage that depends on it ({@code thenApply} and the like) from outside, if
 * that stage is the only one, and nobody waits in {@code get} or {@code join}: of several, each
 * ends but itself. A {@link #copy}, and what {@code allOf} and {@code anyOf} make, never end the
 * job. A stage of two futures, or of one that came later ({@code thenCompose}), reaches the one
 * alone whose method made it.
 *
 * <p>It completes exceptionally with a {@link JobException}, or a {@link
 * java.util.concurrent.CancellationException}. Callbacks run on the pool's completion executor,
 * never on its event loop; a thread that waits in {@code get} or {@code join} is woken directly and
 * decodes the result itself, and of several the first one: others wait as they do for any {@code
 * CompletableFuture}, by which one of them may run a callback. Where nobody waits and nothing
 * depends on it yet, it is decoded by the thread that asks first, or some milliseconds later on the
 * completion executor.
 *
 * @param <O> the result
 */
public final class JobFuture<O extends @Nullable Object> extends JobStage<O> {

  private static final AtomicReferenceFieldUpdater<JobFuture<?>, @Nullable Thread> WAITER =
      field(Thread.class, "waiter");
  private static final AtomicReferenceFieldUpdater<JobFuture<?>, @Nullable Delivery> DELIVERY =
      field(Delivery.class, "delivery");

  /** How long a waiting thread that came as the future was completed may sleep through that. */
  private static final long LOOK_NANOS = 1_000_000;

  private final PoolLoop pool;
  private final long jobId;
  private final HandlerRef<?, O> handler;
  private final JobOptions options;
  private final @Nullable JobWatcher watcher;
  private final @Nullable JobMessages messages;
  private final long submittedNanos = System.nanoTime();

  private volatile @Nullable Delivery delivery;
  private volatile @Nullable Thread waiter;

  /** Whether what follows is told, which the delivery told. */
  private volatile boolean settled;

  private int attempt;
  private int resultBytes;
  private long workerPid;
  private long runNanos;
  private long endedNanos;

  // These are the loop's alone.

  private byte @Nullable [] payload;

  /** Null before it was accepted, and after it has ended. */
  @Nullable Job<JobFuture<?>> job;

  /** Whether it takes a place in the queue. */
  boolean queued = true;

  /** Whether its soft timeout had passed when it ended; written before it is delivered. */
  boolean askedToStop;

  /** Earlier attempts that ended with their workers, oldest first; as above. */
  private List<Delivery.Death> deaths = List.of();

  JobFuture(
      PoolLoop pool,
      long jobId,
      HandlerRef<?, O> handler,
      byte @Nullable [] payload,
      JobOptions options,
      @Nullable JobWatcher watcher) {
    this.pool = pool;
    this.jobId = jobId;
    this.handler = handler;
    this.payload = payload;
    this.options = options;
    this.watcher = watcher;
    this.messages =
        options.conversation().isAny() ? options.conversation().start(pool, this) : null;
  }

  /** The job's id, never used twice in one pool. */
  public long jobId() {
    return jobId;
  }

  /**
   * How the job went.
   *
   * @throws IllegalStateException if it has not ended
   */
  public JobReport report() {
    if (!settled && !isDone()) {
      throw new IllegalStateException("job " + jobId + " has not ended");
    }
    return settled ? madeReport() : JobReport.withoutRun(jobId, System.nanoTime() - submittedNanos);
  }

  private JobReport madeReport() {
    long totalNanos = endedNanos - submittedNanos;
    // What a worker claims has its bounds; an unsigned number beyond a long arrives negative.
    long bounded = Math.max(0, Math.min(runNanos, totalNanos));
    return new JobReport(
        jobId,
        attempt,
        workerPid > 0 ? OptionalLong.of(workerPid) : OptionalLong.empty(),
        Duration.ofNanos(bounded),
        Duration.ofNanos(totalNanos));
  }

  /**
   * Sends a message to the job, which takes it by {@code JobContext.receive}. It is encoded on the
   * calling thread, as an input of its class is, and the call never waits. The job gets messages in
   * the order in which they were sent. While it waits for a worker they are kept for it; they end
   * with the attempt that they were sent to, and never reach another one or another job.
   *
   * @return false if the job has ended; true promises no more than that it had not, as far as is
   *     known here
   * @throws IllegalStateException if the job was submitted without {@link JobOptions#withMessages}
   *     or a listener
   * @throws IllegalArgumentException if the message's class has no codec
   * @throws JobRejectedException if the job has not taken 256 messages or 1 MiB of them, or this
   *     one is larger than a frame
   */
  public boolean send(Object message) {
    Objects.requireNonNull(message, "message");
    if (messages == null) {
      throw new IllegalStateException(
          "job "
              + jobId
              + " ("
              + handler
              + ") takes no messages; submit it with JobOptions.withMessages()");
    }
    return !isDone() && messages.send(MessageCodecs.encode(jobId, message, 0));
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    release();
    return ended(super.cancel(mayInterruptIfRunning));
  }

  @Override
  public boolean complete(O value) {
    release();
    return ended(super.complete(value));
  }

  @Override
  public boolean completeExceptionally(Throwable error) {
    release();
    return ended(super.completeExceptionally(error));
  }

  @Override
  public CompletableFuture<O> completeAsync(Supplier<? extends O> supplier) {
    return completeAsync(supplier, defaultExecutor());
  }

  @Override
  public CompletableFuture<O> completeAsync(Supplier<? extends O> supplier, Executor executor) {
    executor.execute(
        () -> {
          try {
            complete(supplier.get());
          } catch (RuntimeException | Error e) {
            completeExceptionally(e);
          }
        });
    return this;
  }

  @Override
  public void obtrudeValue(O value) {
    release();
    super.obtrudeValue(value);
    ended(true);
  }

  @Override
  public void obtrudeException(Throwable error) {
    release();
    super.obtrudeException(error);
    ended(true);
  }

  @Override
  boolean hasSoleDependent() {
    return waiter == null && super.hasSoleDependent();
  }

  @Override
  public CompletableFuture<O> toCompletableFuture() {
    settleFirst();
    return this;
  }

  @Override
  public CompletionStage<O> minimalCompletionStage() {
    settleFirst();
    return super.minimalCompletionStage();
  }

  @Override
  public boolean isDone() {
    settleFirst();
    return super.isDone();
  }

  @Override
  public boolean isCancelled() {
    settleFirst();
    return super.isCancelled();
  }

  @Override
  public boolean isCompletedExceptionally() {
    settleFirst();
    return super.isCompletedExceptionally();
  }

  @Override
  public O getNow(O valueIfAbsent) {
    settleFirst();
    return super.getNow(valueIfAbsent);
  }

  @Override
  public O get() throws InterruptedException, ExecutionException {
    awaitDelivery(Long.MAX_VALUE);
    return super.get();
  }

  @Override
  public O get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    long nanos = Math.max(0, unit.toNanos(timeout));
    long deadline = System.nanoTime() + nanos;
    awaitDelivery(nanos);
    return super.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  @Override
  public O join() {
    boolean interrupted = false;
    while (!super.isDone()) {
      try {
        awaitDelivery(Long.MAX_VALUE);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return super.join();
  }

  /**
   * Waits on this thread, if no other does so already, until there is something to decode, or until
   * another thread has decoded it: where callbacks wait too, those are not this one's business, as
   * they would be if it slept as others do.
   */
  @SuppressWarnings("ThreadPriorityCheck") // it is faster for yielding, and right without it
  private void awaitDelivery(long nanos) throws InterruptedException {
    if (!Thread.currentThread().isInterrupted()) {
      settleFirst();
    }
    Thread self = Thread.currentThread();
    if (super.isDone() || !WAITER.compareAndSet(this, null, self)) {
      return;
    }
    long start = System.nanoTime();
    long deadline = start + Math.min(nanos, Long.MAX_VALUE / 4);
    boolean handedOver = false;
    try {
      while (!super.isDone() && (delivery == null || hasDependents())) {
        if (delivery != null && !handedOver) {
          handedOver = true;
          handOver();
        }
        long now = System.nanoTime();
        if (deadline - now <= 0) {
          return;
        } else if (now - start < pool.spinNanos()) {
          Thread.yield();
        } else {
          LockSupport.parkNanos(
              this, Math.min(deadline - now, handedOver ? LOOK_NANOS : Long.MAX_VALUE));
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      waiter = null;
      settleFirst();
      if (delivery != null && !handedOver) {
        handOver();
      }
    }
  }

  private void handOver() {
    pool.completer().complete(List.of(this));
  }

  /** On the loop: the job has ended. Nobody is told yet, as {@link Completer#execute} does. */
  void deliver(Delivery ended) {
    payload = null;
    DELIVERY.lazySet(this, ended);
  }

  /** Wakes who waits for it, if anybody does, and tells whether that is so. */
  boolean wake() {
    Thread waiting = waiter;
    LockSupport.unpark(waiting);
    return waiting != null;
  }

  /** On the loop: whether others are to be told at once when it completes. */
  boolean isAwaited() {
    return watcher != null || hasDependents();
  }

  boolean hasDependents() {
    return getNumberOfDependents() > 0;
  }

  /**
   * Whoever asks is to see what was delivered. Where callbacks wait, those are not its business.
   */
  private void settleFirst() {
    if (delivery != null && !hasDependents()) {
      settle();
    }
  }

  /** Decodes what was delivered and completes, on the thread that came first. */
  void settle() {
    Delivery ended = delivery;
    if (ended == null) {
      return;
    }
    attempt = ended.attempt();
    workerPid = ended.workerPid();
    runNanos = ended.runNanos();
    resultBytes = ended.resultBytes();
    endedNanos = ended.endedNanos();
    settled = true;
    if (!super.isDone()) {
      if (waiter != null && hasDependents()) {
        // Of those that depend on a future the newest is called first.
        super.handle((value, failure) -> wake());
      }
      try {
        super.complete(ended.decode(this));
      } catch (RuntimeException | Error e) {
        super.completeExceptionally(e);
      }
      wake();
      tellDone();
    }
    // It holds the encoded result, which is of no more use.
    delivery = null;
  }

  private void release() {
    settleFirst();
    releaseAtEndOf(this);
  }

  @Override
  void releaseAtEndOf(JobStage<?> ending) {
    if (!super.isDone()) {
      pool.cancel(this, ending);
    }
  }

  private boolean ended(boolean byThis) {
    if (byThis) {
      wake();
      tellDone();
    }
    return byThis;
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // a field's owner is known by its raw class alone
  private static <V> AtomicReferenceFieldUpdater<JobFuture<?>, @Nullable V> field(
      Class<V> type, String name) {
    return (AtomicReferenceFieldUpdater)
        AtomicReferenceFieldUpdater.newUpdater(JobFuture.class, type, name);
  }

  private void tellDone() {
    if (watcher != null) {
      watcher.done();
    }
  }

  /** On the loop: it runs, and is about to be stopped. */
  void condemned() {
    if (watcher != null) {
      watcher.running();
    }
  }

  /** On the loop, once: nothing of it runs any more. */
  void left(boolean neverStarted) {
    if (watcher != null) {
      watcher.left(neverStarted);
    }
  }

  void addDeath(Delivery.Death death) {
    if (deaths.isEmpty()) {
      deaths = new ArrayList<>();
    }
    deaths.add(death);
  }

  List<Delivery.Death> deaths() {
    return deaths;
  }

  long submittedNanos() {
    return submittedNanos;
  }

  HandlerRef<?, O> handler() {
    return handler;
  }

  JobOptions options() {
    return options;
  }

  /** Null for a job that neither sends any nor is sent any. */
  @Nullable JobMessages messages() {
    return messages;
  }

  /** What its result took when it came; 0 before it has completed. */
  int resultBytes() {
    return resultBytes;
  }

  byte @Nullable [] payload() {
    return payload;
  }
}
