package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Window;
import dev.forkyard.benchmarks.measure.Workload;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A {@link ThreadPoolExecutor} in this process, a {@link CompletableFuture} a job. */
public final class Threads implements Contender {

  private final ThreadPoolExecutor pool;
  private final int threads;

  /** With so many threads. */
  public Threads(int threads) {
    this.threads = threads;
    this.pool =
        new ThreadPoolExecutor(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
  }

  @Override
  public String name() {
    return "ThreadPoolExecutor(" + threads + ")";
  }

  @Override
  public Flow open(Workload<?, ?> workload) {
    return new Window(workload.inFlight() * threads, () -> submit(workload));
  }

  @Override
  public void call(Workload<?, ?> workload) throws Exception {
    submit(workload).get();
  }

  private <O> Future<O> submit(Workload<?, O> workload) {
    return CompletableFuture.supplyAsync(() -> inline(workload), pool);
  }

  private static <O> O inline(Workload<?, O> workload) {
    try {
      return workload.inline().call();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
