package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Window;
import dev.forkyard.benchmarks.measure.Workload;
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
  public Flow open(Workload<?, ?> workload) {
    return new Counted((byte[]) workload.input(), workload.inFlight() * workers);
  }

  private final class Counted implements Flow {

    private final byte[] payload;
    private final int limit;
    private long submitted = probe.answered();

    Counted(byte[] payload, int limit) {
      this.payload = payload;
      this.limit = limit;
    }

    @Override
    public void submit() {
      if (submitted - probe.answered() >= limit) {
        probe.await(submitted - limit + Window.step(limit));
      }
      probe.submit(payload);
      submitted++;
    }

    @Override
    public void finish() {
      probe.await(submitted);
    }
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
