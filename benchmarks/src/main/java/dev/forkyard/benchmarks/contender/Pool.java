package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Window;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/** The process pool by its public API: one caller, and a future a job. */
public final class Pool implements Contender {

  private static final long LOOK_NANOS = 500_000;
  private static final Duration SPIN = Duration.ofMillis(1);

  private final ProcessPool pool;
  private final int workers;
  private final boolean lambdas;
  private final String name;

  private Pool(String name, int workers, boolean lambdas, ProcessPool.Builder settings) {
    this.pool = settings.workers(workers).build();
    this.workers = workers;
    this.lambdas = lambdas;
    this.name = name;
    awaitReady(pool, workers);
  }

  /** Returns when all workers have started, so that none boots while the clock runs. */
  public static void awaitReady(ProcessPool pool, int workers) {
    while (pool.workers().stream()
            .filter(worker -> worker.state() != WorkerInfo.State.STARTING)
            .count()
        < workers) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** One whose jobs are of typed handlers. */
  public static Pool ofHandlers(int workers) {
    return new Pool("pool", workers, false, settings());
  }

  /** One whose jobs are serialized lambdas. */
  public static Pool ofLambdas(int workers) {
    return new Pool("pool, lambdas", workers, true, settings());
  }

  /** One whose jobs are of typed handlers, and whose workers' JVMs have these options. */
  public static Pool of(int workers, List<String> jvmOptions) {
    return new Pool("pool", workers, false, settings().jvmOptions(jvmOptions));
  }

  /**
   * To make an archive while the clock runs would disturb it, and the user's cache is the user's.
   */
  private static ProcessPool.Builder settings() {
    return ProcessPool.builder().classDataSharing(false);
  }

  /** As {@link #of}, and they start from an archive in that cache, which is made before. */
  public static Pool archived(int workers, List<String> jvmOptions, Path cache) {
    ProcessPool.Builder settings =
        ProcessPool.builder().jvmOptions(jvmOptions).cacheDirectory(cache);
    try (ProcessPool before = settings.workers(1).build()) {
      before.makeArchive();
    }
    return new Pool("pool", workers, false, settings);
  }

  /** One of a single worker, whose threads look for the next event before they sleep. */
  public static Pool spinning() {
    return new Pool("pool, 1 worker, spins", 1, false, settings().spinFor(SPIN));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Flow open(Workload<?, ?> workload) {
    return new Window(workload.inFlight() * workers, () -> submit(workload));
  }

  @Override
  public void call(Workload<?, ?> workload) throws Exception {
    submit(workload).get();
  }

  private <I, O> Future<O> submit(Workload<I, O> workload) {
    return lambdas
        ? pool.submit(workload.inline())
        : pool.submit(workload.handler(), workload.input());
  }

  @Override
  public List<Long> workerPids() {
    return pool.workers().stream().map(WorkerInfo::pid).filter(pid -> pid > 0).toList();
  }

  @Override
  public void close() {
    pool.close();
  }
}
