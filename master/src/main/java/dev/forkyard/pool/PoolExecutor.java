package dev.forkyard.pool;

import dev.forkyard.protocol.Frame.Encoding;
import dev.forkyard.worker.AnyTask;
import dev.forkyard.worker.CallableCodec;
import dev.forkyard.worker.Codec;
import dev.forkyard.worker.SerializableCallable;
import dev.forkyard.worker.SerializableRunnable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool as an executor service: keeps count of the tasks that came through it, and has terminated
 * when it was shut down and the last of them has ended.
 *
 * <p>A task is added to the open ones before it is looked whether this was shut down, and a
 * shutdown is noted before it is looked whether any is open; so either the task is refused or it is
 * waited for.
 */
final class PoolExecutor implements SerializableExecutorService {

  private static final long RETURN_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private final PoolConfig config;
  private final Intake intake;
  private final HandlerRef<?, Object> callables;
  private final Invocations invocations = new Invocations(this);
  private final CallableCodec codec = new CallableCodec();
  private final Set<HeldTask> open = ConcurrentHashMap.newKeySet();
  private final CountDownLatch terminated = new CountDownLatch(1);
  private volatile boolean shutdown;
  private volatile boolean stopped;

  /** Runs tasks by this handler, which names the codec of their results. */
  PoolExecutor(PoolConfig config, Intake intake, HandlerRef<?, Object> callables) {
    this.config = config;
    this.intake = intake;
    this.callables = callables;
  }

  private void drop(HeldTask held) {
    open.remove(held);
    terminateIfEmpty();
  }

  private void terminateIfEmpty() {
    if (shutdown && open.isEmpty()) {
      terminated.countDown();
    }
  }

  @Override
  public <T extends @Nullable Object> JobFuture<T> submit(SerializableCallable<T> task) {
    return submit(AnyTask.calling(task), results());
  }

  @Override
  public <T extends @Nullable Object> JobFuture<T> submit(Callable<T> task) {
    return submit(AnyTask.calling(task), results());
  }

  @Override
  public JobFuture<?> submit(SerializableRunnable task) {
    return submitWithoutResult(AnyTask.running(task));
  }

  @Override
  public JobFuture<?> submit(Runnable task) {
    return submitWithoutResult(AnyTask.running(task));
  }

  @Override
  public <T extends @Nullable Object> JobFuture<T> submit(SerializableRunnable task, T result) {
    return submit(AnyTask.running(task), result(result));
  }

  @Override
  public <T extends @Nullable Object> JobFuture<T> submit(Runnable task, T result) {
    return submit(AnyTask.running(task), result(result));
  }

  @Override
  public void execute(SerializableRunnable task) {
    execute((Runnable) task);
  }

  @Override
  public void execute(Runnable task) {
    JobFuture<?> future = submit(task);
    future.whenComplete((none, failure) -> tellFailure(future, failure));
  }

  private void tellFailure(JobFuture<?> future, @Nullable Throwable failure) {
    if (failure != null && !(failure instanceof CancellationException)) {
      try (LogContext context = LogContext.of(config.name(), 0, future.jobId())) {
        Log.LOG.error(
            "pool {}: job {}, which was given to execute, failed",
            config.name(),
            future.jobId(),
            failure);
      }
    }
  }

  private JobFuture<?> submitWithoutResult(AnyTask task) {
    return this.<@Nullable Object>submit(task, this.<@Nullable Object>result(null));
  }

  /** What callables answer with is what their types say. */
  @SuppressWarnings("unchecked")
  private <T extends @Nullable Object> HandlerRef<?, T> results() {
    return (HandlerRef<?, T>) callables;
  }

  private <T extends @Nullable Object> HandlerRef<?, T> result(T result) {
    return new HandlerRef<>(
        callables.className(), Encoding.BINARY, new Constant<>(result), new Constant<>(result));
  }

  /** The result of a task that has none of its own. */
  private record Constant<T extends @Nullable Object>(T result) implements Codec<T> {

    @Override
    public byte[] encode(T value) {
      throw new UnsupportedOperationException("tasks are encoded before");
    }

    @Override
    public T decode(byte[] bytes) {
      return result;
    }
  }

  private <T extends @Nullable Object> JobFuture<T> submit(AnyTask task, HandlerRef<?, T> handler) {
    try {
      return Objects.requireNonNull(submit(task, handler, Long.MAX_VALUE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RejectedExecutionException(
          "interrupted while waiting for a place in the queue of pool "
              + config.name()
              + ", which holds "
              + config.queueCapacity(),
          e);
    }
  }

  /** Null if there was no place in the queue for so long. */
  private <T extends @Nullable Object> @Nullable JobFuture<T> submit(
      AnyTask task, HandlerRef<?, T> handler, long waitNanos) throws InterruptedException {
    HeldTask held = new HeldTask(task, this::drop);
    open.add(held);
    JobFuture<T> future = null;
    try {
      refuseIf(shutdown);
      byte[] payload = encode(task);
      future = intake.submit(handler, payload, config.defaultOptions().ofPool(), held, waitNanos);
      held.submitted(future);
    } catch (JobRejectedException e) {
      throw new RejectedExecutionException(e.getMessage(), e);
    } finally {
      if (future == null) {
        drop(held);
      }
    }
    // Stopped meanwhile, before that could know of it.
    refuseIf(stopped && held.cancel());
    return future;
  }

  private void refuseIf(boolean refused) {
    if (refused) {
      String what = intake.isClosed() ? "pool " + config.name() + " is closed" : toString();
      throw new RejectedExecutionException("the task is refused: " + what);
    }
  }

  private byte[] encode(AnyTask task) {
    try {
      return codec.encode(task.toSend());
    } catch (Exception | StackOverflowError e) {
      throw new RejectedExecutionException(
          "the task can't be sent to a worker of pool " + config.name() + ": " + e, e);
    }
  }

  // All, or any.

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      List<? extends SerializableCallable<T>> tasks) throws InterruptedException {
    return invocations.all(tasks, Long.MAX_VALUE);
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      List<? extends SerializableCallable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    return invocations.all(tasks, unit.toNanos(timeout));
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks) throws InterruptedException {
    return invocations.all(tasks, Long.MAX_VALUE);
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    return invocations.all(tasks, unit.toNanos(timeout));
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(List<? extends SerializableCallable<T>> tasks)
      throws InterruptedException, ExecutionException {
    return invokeAny((Collection<? extends Callable<T>>) tasks);
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(
      List<? extends SerializableCallable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return invocations.any(tasks, unit.toNanos(timeout));
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
      throws InterruptedException, ExecutionException {
    try {
      return invocations.any(tasks, Long.MAX_VALUE);
    } catch (TimeoutException e) {
      throw new AssertionError("in 290 years", e);
    }
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return invocations.any(tasks, unit.toNanos(timeout));
  }

  /** Null if there was no place in the queue for so long. */
  <T extends @Nullable Object> @Nullable JobFuture<T> submit(Callable<T> task, long waitNanos)
      throws InterruptedException {
    return submit(AnyTask.calling(task), this.<T>results(), waitNanos);
  }

  /** Of a task that there was no time to submit. */
  <T extends @Nullable Object> JobFuture<T> cancelled() {
    return intake.cancelled(this.<T>results(), config.defaultOptions().ofPool());
  }

  // The end.

  @Override
  public void shutdown() {
    shutdown = true;
    dropEnded();
    terminateIfEmpty();
  }

  /**
   * Callbacks of a future run before its end is told here, and one of them may wait for the end.
   */
  private void dropEnded() {
    for (HeldTask held : open) {
      held.lookWhetherEnded();
    }
  }

  @Override
  public List<Runnable> shutdownNow() {
    stopped = true;
    shutdown();
    List<HeldTask> cancelled = new ArrayList<>();
    for (HeldTask held : open) {
      if (held.cancel()) {
        cancelled.add(held);
      }
    }
    cancelled.sort(Comparator.comparingLong(HeldTask::jobId));
    return HeldTask.neverStarted(cancelled, new Countdown(RETURN_NANOS));
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return terminated.getCount() == 0;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    dropEnded();
    return terminated.await(timeout, unit);
  }

  @Override
  public void close() {
    shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        terminated.await();
        break;
      } catch (InterruptedException e) {
        if (!interrupted) {
          interrupted = true;
          shutdownNow();
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    String state = isTerminated() ? "terminated" : shutdown ? "shut down" : "running";
    return "executor service of pool "
        + config.name()
        + " ("
        + state
        + ", "
        + open.size()
        + " tasks open)";
  }
}
