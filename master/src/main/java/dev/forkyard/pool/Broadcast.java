package dev.forkyard.pool;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A job that each worker of a pool gets, also those that are launched later: {@link
 * ProcessPool#broadcastAlways}. All methods may be called from any thread.
 *
 * @param <O> the results
 */
public final class Broadcast<O extends @Nullable Object> implements AutoCloseable {

  private final PoolLoop loop;
  private final LongFunction<JobFuture<O>> job;
  private final Map<Long, JobFuture<O>> futures = new LinkedHashMap<>();

  /** Makes the future of its job for the worker of this id. */
  Broadcast(PoolLoop loop, LongFunction<JobFuture<O>> job) {
    this.loop = loop;
    this.job = job;
  }

  /**
   * The futures of its jobs by the ids of their workers ({@link WorkerInfo#id}), in the order in
   * which those were launched. A worker's is there from its launch to its end.
   */
  public synchronized Map<Long, JobFuture<O>> futures() {
    return new LinkedHashMap<>(futures);
  }

  /** From now on no worker that is launched gets it; what there is of its jobs goes on. */
  @Override
  public void close() {
    loop.end(this);
  }

  synchronized JobFuture<O> jobFor(long workerId) {
    JobFuture<O> future = job.apply(workerId);
    futures.put(workerId, future);
    return future;
  }

  synchronized void forget(long workerId) {
    futures.remove(workerId);
  }
}
