package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.contender.BlockingNio;
import dev.forkyard.benchmarks.contender.InlineProcesses;
import dev.forkyard.benchmarks.contender.OneThread;
import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.contender.Probe;
import dev.forkyard.benchmarks.contender.Threads;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.Rounds;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Compute;
import dev.forkyard.benchmarks.workload.Workloads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The pool against one thread, as many threads, and what can be reached at most. */
final class Comparisons implements AutoCloseable {

  private static final int MANY = 1_024;
  private static final int SOME = 128;
  private static final int FEW = 4;

  private final Plan plan;
  private final Contender pool;
  private final Contender lambdas;
  private final Contender spinning = Pool.spinning();
  private final Contender oneThread = new OneThread();
  private final Contender threads;
  private final Contender probe;
  private final Contender nio;
  private final Contender inline;

  Comparisons(int workers, Plan plan) throws Exception {
    this.plan = plan;
    this.pool = Pool.ofHandlers(workers);
    this.lambdas = Pool.ofLambdas(workers);
    this.threads = new Threads(workers);
    this.probe = new Probe(workers);
    this.nio = new BlockingNio(workers);
    this.inline = new InlineProcesses(workers);
  }

  /** Each is told as soon as it is measured. */
  List<Comparison> throughput(Consumer<Comparison> each) throws Exception {
    List<Comparison> all = new ArrayList<>();
    warmUp(Workloads.echo(16, MANY));
    all.add(compare(Workloads.echo(16, MANY), pool, probe, each));
    all.add(compare(Workloads.echo(Workloads.KIB, MANY), pool, probe, each));
    if (plan.full()) {
      all.add(compare(Workloads.echo(64 * Workloads.KIB, SOME), pool, probe, each));
    }
    all.add(compare(Workloads.echo(Workloads.MIB, FEW), pool, nio, each));
    all.add(compare(Workloads.echo(16, SOME).named("lambda of 16 B"), lambdas, null, each));
    double stepsPerMicro = Compute.stepsPerMicro();
    for (int micros : new int[] {10, 100, 1_000, 10_000}) {
      Duration time = Duration.ofNanos(micros * 1_000L);
      int inFlight = micros < 10_000 ? SOME : FEW;
      all.add(compare(Workloads.compute(time, stepsPerMicro, inFlight), pool, inline, each));
    }
    return all;
  }

  /** What all later workloads profit from should not be to the cost of the first. */
  private void warmUp(Workload<?, ?> first) throws Exception {
    new Rounds(plan.rounds().warmUp().multipliedBy(2), 0, Duration.ZERO)
        .throughput(List.of(pool, probe, threads), first);
  }

  private Comparison compare(
      Workload<?, ?> workload, Contender ours, @Nullable Contender limit, Consumer<Comparison> each)
      throws Exception {
    List<Contender> contenders = new ArrayList<>(List.of(ours, oneThread, threads));
    if (limit != null) {
      contenders.add(limit);
    }
    Comparison measured =
        Comparison.of(
            workload.name(), workload.inFlight(), plan.rounds().throughput(contenders, workload));
    each.accept(measured);
    return measured;
  }

  /** One job at a time; the pool first, the threads and the probe last. */
  List<Latency> latency() throws Exception {
    return plan.rounds()
        .latency(List.of(pool, lambdas, spinning, threads, probe), Workloads.echo(16, 1));
  }

  @Override
  public void close() throws Exception {
    for (Contender contender : List.of(pool, lambdas, spinning, threads, probe, nio, inline)) {
      contender.close();
    }
  }
}
