package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.probe.BlockingEcho;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Blocking channels, a thread a worker, one job at a time on each. */
public final class BlockingNio implements Contender {

  private final BlockingEcho echo;
  private final ExecutorService threads;

  /** With so many workers, which echo. */
  public BlockingNio(int workers) throws IOException {
    this.echo = new BlockingEcho(workers);
    this.threads = Executors.newFixedThreadPool(workers);
  }

  @Override
  public String name() {
    return "blocking NIO";
  }

  @Override
  public Flow open(Workload<?, ?> workload) {
    throw new UnsupportedOperationException("each thread has its own jobs");
  }

  @Override
  public long run(Workload<?, ?> workload, long deadline) throws Exception {
    byte[] payload = (byte[]) workload.input();
    List<Future<Long>> counts = new ArrayList<>();
    for (int i = 0; i < echo.workers(); i++) {
      int worker = i;
      counts.add(threads.submit(() -> run(worker, payload, deadline)));
    }
    long jobs = 0;
    for (Future<Long> count : counts) {
      jobs += count.get();
    }
    return jobs;
  }

  private long run(int worker, byte[] payload, long deadline) throws IOException {
    long jobs = 0;
    do {
      echo.call(worker, payload);
      jobs++;
    } while (System.nanoTime() - deadline < 0);
    return jobs;
  }

  @Override
  public void call(Workload<?, ?> workload) throws IOException {
    echo.call(0, (byte[]) workload.input());
  }

  @Override
  public List<Long> workerPids() {
    return echo.pids();
  }

  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    echo.close();
  }
}
