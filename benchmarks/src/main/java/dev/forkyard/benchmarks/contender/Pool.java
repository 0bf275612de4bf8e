package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Window;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerInfo;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/** The process pool by its public API: one caller, and a future a job. */
public final class Pool implements Contender {

  private static final long LOOK_NANOS = 500_000;

  private final ProcessPool pool;
  private final int workers;
  private final boolean lambdas;

  private Pool(int workers, boolean lambdas, List<String> jvmOptions) {
    this.pool = ProcessPool.builder().workers(workers).jvmOptions(jvmOptions).build();
    this.workers = workers;
    this.lambdas = lambdas;
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
    return new Pool(workers, false, List.of());
  }

  /** One whose jobs are serialized lambdas. */
  public static Pool ofLambdas(int workers) {
    return new Pool(workers, true, List.of());
  }

  /** One whose jobs are of typed handlers, and whose workers' JVMs have these options. */
  public static Pool of(int workers, List<String> jvmOptions) {
    return new Pool(workers, false, jvmOptions);
  }

  @Override
  public String name() {
    return lambdas ? "pool, lambdas" : "pool";
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
