package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.WorkerView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the jobs of broadcasts: one for each worker that there is, and for those that also later
 * ones get, one for each that is launched. Used on the loop alone.
 */
final class Broadcasts {

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private final String poolName;

  /** Those that also later workers get. */
  private final List<Broadcast<?>> standing = new ArrayList<>();

  /** The ids of workers that were launched and have not got them yet. */
  private final List<Long> launched = new ArrayList<>();

  Broadcasts(String poolName) {
    this.poolName = poolName;
  }

  /**
   * Submits its job for each of the workers that is not on its way out. The first takes the place
   * in the queue that was taken for all.
   */
  <O extends @Nullable Object> List<JobFuture<O>> start(
      Broadcast<O> broadcast,
      boolean alsoLater,
      List<WorkerView> workers,
      Consumer<JobFuture<?>> submit) {
    List<JobFuture<O>> futures = new ArrayList<>();
    for (WorkerView worker : workers) {
      if (worker.stage().compareTo(WorkerView.Stage.BUSY) <= 0) {
        JobFuture<O> future = broadcast.jobFor(worker.id());
        future.queued = futures.isEmpty();
        futures.add(future);
        submit.accept(future);
      }
    }
    if (alsoLater) {
      standing.add(broadcast);
    }
    return futures;
  }

  void end(Broadcast<?> broadcast) {
    standing.remove(broadcast);
  }

  void launched(long workerId) {
    if (!standing.isEmpty()) {
      launched.add(workerId);
    }
  }

  /**
   * Submits the jobs for workers that were launched since.
   *
   * @return false if there are none
   */
  boolean submitToNew(Consumer<JobFuture<?>> submit) {
    if (launched.isEmpty()) {
      return false;
    }
    List<Long> workers = List.copyOf(launched);
    launched.clear();
    for (long workerId : workers) {
      standing.forEach(broadcast -> submit(broadcast, workerId, submit));
    }
    return true;
  }

  private <O extends @Nullable Object> void submit(
      Broadcast<O> broadcast, long workerId, Consumer<JobFuture<?>> submit) {
    JobFuture<O> future = broadcast.jobFor(workerId);
    future.queued = false;
    future.whenComplete((result, failure) -> tellOf(failure, workerId));
    submit.accept(future);
  }

  /** Nobody may look at its future. */
  private void tellOf(@Nullable Throwable failure, long workerId) {
    if (failure != null && !(failure instanceof CancellationException)) {
      try (LogContext context = LogContext.of(poolName, 0, 0)) {
        Log.LOG.warn("pool {}: a broadcast failed on worker {}", poolName, workerId, failure);
      }
    }
  }

  void forget(long workerId) {
    standing.forEach(broadcast -> broadcast.forget(workerId));
  }
}
