package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.contender.BlockingNio;
import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.contender.Probe;
import dev.forkyard.benchmarks.contender.Threads;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.Machine;
import dev.forkyard.benchmarks.measure.OtherLoad;
import dev.forkyard.benchmarks.measure.Rounds;
import dev.forkyard.benchmarks.measure.Series;
import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Workloads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Echoes by the pool against the limit probe, in one run and in alternating rounds: {@code java -cp
 * benchmarks.jar dev.forkyard.benchmarks.Throughput [SECONDS-A-ROUND [ROUNDS]]}.
 */
public final class Throughput {

  private final int workers = Runtime.getRuntime().availableProcessors();
  private final Rounds rounds;

  private Throughput(Rounds rounds) {
    this.rounds = rounds;
  }

  /** Prints tables. */
  public static void main(String[] args) throws Exception {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 1;
    int count = args.length > 1 ? Integer.parseInt(args[1]) : 7;
    Duration each = Duration.ofMillis((long) (seconds * 1000));
    OtherLoad others = new OtherLoad();
    System.out.println(Machine.here());
    new Throughput(new Rounds(each.multipliedBy(4), count, each)).run();
    double cores = others.cores();
    System.out.printf(
        "%nOthers kept %.2f cores busy%s%n",
        cores, OtherLoad.isBusy(cores) ? ": do not trust these figures, only large ratios" : "");
    System.exit(0);
  }

  private void run() throws Exception {
    try (Contender threads = new Threads(workers);
        Contender probe = new Probe(workers);
        Contender nio = new BlockingNio(workers);
        Contender pool = Pool.ofHandlers(workers);
        Contender spinning = Pool.spinning()) {
      throughput(Workloads.echo(16, 1024), threads, probe, pool);
      throughput(Workloads.echo(Workloads.KIB, 1024), threads, probe, pool);
      throughput(Workloads.echo(Workloads.MIB, 4), nio, probe, pool);
      latency(Workloads.echo(16, 1), threads, probe, pool, spinning);
    }
  }

  private void throughput(Workload<?, ?> workload, Contender... contenders) throws Exception {
    List<Series> all = rounds.throughput(List.of(contenders), workload);
    System.out.printf("%n%s, %,d in flight a worker%n", workload.name(), workload.inFlight());
    System.out.printf(
        "%-24s %12s  %25s %13s %13s  %s%n",
        "", "jobs/s", "least to most", "master µs/job", "worker µs/job", ratios(all));
    for (Series series : all) {
      Spread perSecond = series.perSecond();
      System.out.printf(
          "%-24s %,12.0f  %25s %13.2f %13.2f  %s%n",
          series.contender(),
          perSecond.median(),
          "%,.0f – %,.0f".formatted(perSecond.least(), perSecond.most()),
          series.masterMicros().median(),
          series.workerMicros().median(),
          ratios(series, all));
    }
  }

  private static String ratios(List<Series> all) {
    return "× " + all.get(0).contender() + " · × " + all.get(1).contender();
  }

  private static String ratios(Series series, List<Series> all) {
    List<String> texts = new ArrayList<>();
    for (Series other : all.subList(0, 2)) {
      Spread ratio = series.ratioTo(other);
      texts.add("%.3f (%.3f – %.3f)".formatted(ratio.median(), ratio.least(), ratio.most()));
    }
    return String.join(" · ", texts);
  }

  private void latency(Workload<?, ?> workload, Contender... contenders) throws Exception {
    List<Latency> all = rounds.latency(List.of(contenders), workload);
    System.out.printf(
        "%nOne at a time, %s, from a caller's thread%n%-24s %8s  %15s %8s %8s  %s%n",
        workload.name(), "", "p50 µs", "of the rounds", "p99", "p99.9", "× limit probe");
    for (Latency latency : all) {
      Spread median = latency.medianMicros();
      Spread ratio = latency.ratioTo(all.get(1));
      System.out.printf(
          "%-24s %8.1f  %15s %8.1f %8.1f  %.2f (%.2f – %.2f)%n",
          latency.contender(),
          median.median(),
          "%.1f – %.1f".formatted(median.least(), median.most()),
          latency.percentileMicros(99),
          latency.percentileMicros(99.9),
          ratio.median(),
          ratio.least(),
          ratio.most());
    }
  }
}
