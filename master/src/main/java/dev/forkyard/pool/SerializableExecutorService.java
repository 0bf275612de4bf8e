package dev.forkyard.pool;

import dev.forkyard.worker.SerializableCallable;
import dev.forkyard.worker.SerializableRunnable;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An {@link ExecutorService} whose tasks run in the workers of a {@link ProcessPool}. Where a
 * lambda is passed the compiler takes the methods that are declared here, and so makes one that
 * serializes. All that is said of an {@code ExecutorService} holds, with these additions:
 *
 * <ul>
 *   <li><b>Tasks</b> travel by Java serialization with all that they hold, and their classes must
 *       be on the workers' class path. One that can't be serialized is refused at once, by a {@link
 *       RejectedExecutionException} whose message and cause tell which field holds what can't. That
 *       also holds for tasks that other classes wrap for this program's own threads, as {@code
 *       ExecutorCompletionService} and {@code CompletableFuture.supplyAsync} do: use the futures'
 *       own {@code whenComplete} and {@code thenApply} instead.
 *   <li><b>Memory</b>: a task works on a copy, made while it is submitted. What it changes there is
 *       not seen here; its result is, and happened before {@code get} returns. A result that is not
 *       of a basic type is only read if its class is allowed ({@link
 *       ProcessPool.Builder#allowResults}).
 *   <li><b>Futures</b> are {@link JobFuture}s. The cause of an {@link ExecutionException} is a
 *       {@link JobException}, a {@link JobFailedException} where the task threw. To cancel a task
 *       that runs stops its worker, whether or not it may be interrupted; no other task is hit.
 *       (Workers with several slots: see {@link ProcessPool.Builder#slotsPerWorker}.)
 *   <li><b>Its end</b> is not the pool's. It is a view that owns nothing of the pool: {@code
 *       shutdown} makes it refuse tasks, it has terminated when its own have ended, and {@code
 *       shutdownNow} stops its own alone. The pool goes on, for others and for other views of it.
 *       When the pool is closed its views are shut down.
 *   <li><b>A full queue</b> makes who submits wait, as long as {@link
 *       ProcessPool.Builder#submitTimeout} says and no longer than a timeout that was given. An
 *       interrupt while it waits is a {@link RejectedExecutionException}, and the thread stays
 *       interrupted.
 * </ul>
 */
public interface SerializableExecutorService extends ExecutorService, AutoCloseable {

  /**
   * Submits a task.
   *
   * @throws RejectedExecutionException if it can't be serialized, is larger than a frame, or this
   *     or the pool was shut down
   */
  <T extends @Nullable Object> JobFuture<T> submit(SerializableCallable<T> task);

  /** Submits a task, with null as its result; see {@link #submit(SerializableCallable)}. */
  JobFuture<?> submit(SerializableRunnable task);

  /**
   * Submits a task; see {@link #submit(SerializableCallable)}.
   *
   * @param result what the future completes with; it stays here, and need not be serializable
   */
  <T extends @Nullable Object> JobFuture<T> submit(SerializableRunnable task, T result);

  /**
   * Submits a task whose end nobody waits for. If it fails that is logged as an error.
   *
   * @throws RejectedExecutionException as {@link #submit(SerializableCallable)}
   */
  void execute(SerializableRunnable task);

  /**
   * Runs all of these tasks and answers when they have ended, as {@link #invokeAll(Collection)}
   * does.
   */
  <T extends @Nullable Object> List<Future<T>> invokeAll(
      List<? extends SerializableCallable<T>> tasks) throws InterruptedException;

  /**
   * Runs all of these tasks and answers when they have ended or the time is up, as {@link
   * #invokeAll(Collection, long, TimeUnit)} does.
   */
  <T extends @Nullable Object> List<Future<T>> invokeAll(
      List<? extends SerializableCallable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException;

  /**
   * Answers with the result of one of these tasks that succeeds, as {@link #invokeAny(Collection)}
   * does. The others are cancelled, which stops the workers of those that run.
   */
  <T extends @Nullable Object> T invokeAny(List<? extends SerializableCallable<T>> tasks)
      throws InterruptedException, ExecutionException;

  /**
   * As {@link #invokeAny(List)}, within a time; see {@link #invokeAny(Collection, long, TimeUnit)}.
   */
  <T extends @Nullable Object> T invokeAny(
      List<? extends SerializableCallable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException;

  @Override
  <T extends @Nullable Object> JobFuture<T> submit(Callable<T> task);

  @Override
  JobFuture<?> submit(Runnable task);

  @Override
  <T extends @Nullable Object> JobFuture<T> submit(Runnable task, T result);

  /**
   * Refuses tasks from now on, cancels those that were submitted and have not ended, and answers
   * with those that never ran: a {@link Runnable} as it was submitted, of a {@link Callable} one
   * that calls it. Both can be submitted again. The futures of all of them end with a {@link
   * CancellationException}.
   *
   * <p>It does not wait for tasks that run, whose workers are stopped. It does wait, some
   * milliseconds and 1 s at most, for workers to give back tasks that they held but had not
   * started; one of which that is not known is not among those that never ran.
   */
  @Override
  List<Runnable> shutdownNow();

  /**
   * Waits until this was shut down and its tasks have ended. From then on none of them runs, not
   * even one that was cancelled: its worker is gone.
   */
  @Override
  boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException;

  /**
   * Shuts this down and waits until its tasks have ended. If the thread is interrupted meanwhile
   * {@link #shutdownNow} stops them; this waits on, and the thread is interrupted when it returns.
   * The pool stays open.
   */
  @Override
  void close();
}
