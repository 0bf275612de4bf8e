package dev.forkyard.benchmarks.measure;

import dev.forkyard.benchmarks.probe.LimitProbe;
import java.io.IOException;
import java.util.List;

/** The limit probe: no pool, no handlers, no futures. */
public final class Probe implements Contender {

  private final LimitProbe probe;
  private final int workers;

  /** With so many workers, which echo. */
  public Probe(int workers) throws IOException, InterruptedException {
    this.probe = new LimitProbe(workers);
    this.workers = workers;
  }

  @Override
  public String name() {
    return "limit probe";
  }

  @Override
  public long run(Workload<?, ?> workload, long deadline) {
    byte[] payload = (byte[]) workload.input();
    int limit = workload.inFlight() * workers;
    long before = probe.answered();
    long submitted = before;
    do {
      while (submitted - probe.answered() < limit) {
        probe.submit(payload);
        submitted++;
      }
      probe.await(submitted - limit + Window.step(limit));
    } while (System.nanoTime() - deadline < 0);
    probe.await(submitted);
    return submitted - before;
  }

  @Override
  public void call(Workload<?, ?> workload) {
    long before = probe.answered();
    probe.submit((byte[]) workload.input());
    probe.await(before + 1);
  }

  @Override
  public List<Long> workerPids() {
    return probe.pids();
  }

  @Override
  public void close() throws IOException {
    probe.close();
  }
}
