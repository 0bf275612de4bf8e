package dev.forkyard.benchmarks.peers;

import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.Machine;
import dev.forkyard.benchmarks.measure.OtherLoad;
import dev.forkyard.benchmarks.measure.Rounds;
import dev.forkyard.benchmarks.measure.Series;
import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Workloads;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Runs the same echoes by the pool and by its peers, and prints how many times as fast it is. */
public final class Peers {

  private static final String ROW = "%-32s %14s %26s   %s%n";

  /** At least so long for each, since some compile what runs often. */
  private static final Duration WARM_UP = Duration.ofSeconds(4);

  private final int workers = Runtime.getRuntime().availableProcessors();
  private final Rounds rounds;
  private final List<Contender> contenders = new ArrayList<>();

  private Peers(Rounds rounds) {
    this.rounds = rounds;
  }

  /** The peers' folder, seconds a round, rounds. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]).toAbsolutePath();
    Duration each = Duration.ofMillis((long) (1000 * number(args, 1, 1)));
    OtherLoad others = new OtherLoad();
    System.out.println(Machine.here());
    Duration warmUp = each.compareTo(WARM_UP) > 0 ? each : WARM_UP;
    Peers peers = new Peers(new Rounds(warmUp, (int) number(args, 2, 3), each));
    peers.start(folder);
    peers.measure();
    double cores = others.cores();
    if (OtherLoad.isBusy(cores)) {
      System.out.printf(
          Locale.ROOT,
          "%nWARNING: the machine is busy: others used %.1f cores meanwhile. Trust only large"
              + " differences.%n",
          cores);
    }
    System.exit(0);
  }

  private static double number(String[] args, int index, double otherwise) {
    return args.length > index ? Double.parseDouble(args[index]) : otherwise;
  }

  private void start(Path folder) {
    contenders.add(Pool.ofHandlers(workers));
    contenders.add(Pool.ofLambdas(workers));
    for (Candidate candidate : Candidate.all(folder, workers)) {
      if (!candidate.isHere()) {
        System.out.println("Not here: " + candidate.name().strip());
        continue;
      }
      try {
        contenders.add(Peer.start(candidate.name(), workers, candidate.command()));
      } catch (IOException e) {
        System.out.println(
            "Does not run here: " + candidate.name().strip() + ": " + e.getMessage());
      }
    }
  }

  private void measure() throws Exception {
    throughput(Workloads.echo(16, 1_024));
    throughput(Workloads.echo(Workloads.KIB, 1_024));
    throughput(Workloads.echo(Workloads.MIB, 4));
    latency(Workloads.echo(16, 1));
    for (Contender contender : contenders) {
      contender.close();
    }
  }

  private void throughput(Workload<?, ?> workload) throws Exception {
    List<Series> all = rounds.throughput(contenders, workload);
    System.out.printf(
        Locale.ROOT,
        "%n" + ROW,
        "%s, %,d in flight a worker".formatted(workload.name(), workload.inFlight()),
        "jobs/s",
        "least – most",
        "the pool is · lambdas are");
    for (Series series : all) {
      Spread perSecond = series.perSecond();
      row(
          series.contender(),
          "%,.0f",
          perSecond,
          all.get(0).ratioTo(series).median(),
          all.get(1).ratioTo(series).median());
    }
  }

  private static void row(String name, String form, Spread spread, double pool, double lambdas) {
    System.out.printf(
        Locale.ROOT,
        ROW,
        name,
        String.format(Locale.ROOT, form, spread.median()),
        String.format(Locale.ROOT, form + " – " + form, spread.least(), spread.most()),
        String.format(Locale.ROOT, "×%.2f · ×%.2f", pool, lambdas));
  }

  private void latency(Workload<?, ?> workload) throws Exception {
    double[][] medians = new double[contenders.size()][rounds.count()];
    for (int round = -1; round < rounds.count(); round++) {
      for (int i = 0; i < medians.length; i++) {
        double micros = medianMicros(contenders.get(i), workload);
        // The first round only warms up.
        if (round >= 0) {
          medians[i][round] = micros;
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%n" + ROW,
        "16 B, one at a time",
        "p50 µs",
        "least – most",
        "takes as long as the pool · lambdas");
    for (int i = 0; i < medians.length; i++) {
      if (contenders.get(i).name().startsWith(" ")) {
        // One at a time there are no chunks.
        continue;
      }
      row(
          contenders.get(i).name(),
          "%,.1f",
          Spread.of(Arrays.stream(medians[i])),
          ratio(medians[i], medians[0]),
          ratio(medians[i], medians[1]));
    }
  }

  private static double ratio(double[] of, double[] to) {
    double[] ratios = new double[of.length];
    for (int i = 0; i < of.length; i++) {
      ratios[i] = of[i] / to[i];
    }
    return Spread.of(Arrays.stream(ratios)).median();
  }

  private double medianMicros(Contender contender, Workload<?, ?> workload) throws Exception {
    return contender instanceof Peer peer
        ? peer.medianMicros(workload, rounds.each())
        : Latency.once(contender, workload, rounds.each()).medianMicros().median();
  }
}
