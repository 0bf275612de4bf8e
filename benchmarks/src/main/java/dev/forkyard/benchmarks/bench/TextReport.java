package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.Machine;
import dev.forkyard.benchmarks.measure.OtherLoad;
import dev.forkyard.benchmarks.measure.Series;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The table, row by row as the rows are measured. */
final class TextReport {

  private static final String COMPARISON = "%-15s %8s %6s  %8s %7s  %8s %7s  %-16s  %7s %7s %7s%n";
  private static final String LATENCY = "%-26s %8s %6s  %8s %8s  %9s %8s  %7s%n";
  private static final String FIGURE = "%-50s %8s %-8s  %s%n";

  private final PrintWriter out;
  private final int workers;

  TextReport(PrintWriter out, int workers) {
    this.out = out;
    this.workers = workers;
  }

  void machine(Machine machine) {
    out.println(machine);
    out.println();
    out.printf(
        COMPARISON,
        "Jobs a second",
        "pool(" + workers + ")",
        "",
        "1 thread",
        "",
        workers + " threads",
        "",
        "at most",
        "CPU µs:",
        "",
        "");
    out.printf(
        COMPARISON, "", "", "spread", "", "pool", "", "pool", "", "master", "workers", "added");
    out.flush();
  }

  void comparison(Comparison measured) {
    Series pool = measured.pool();
    out.printf(
        COMPARISON,
        measured.workload(),
        Digits.count(pool.perSecond().median()),
        Digits.spread(pool.perSecond()),
        Digits.count(measured.oneThread().perSecond().median()),
        ratio(pool, measured.oneThread()),
        Digits.count(measured.threads().perSecond().median()),
        ratio(pool, measured.threads()),
        limit(pool, measured.limit()),
        Digits.three(pool.masterMicros().median()),
        Digits.three(pool.workerMicros().median()),
        Digits.three(Math.max(0, measured.addedMicros())));
    out.flush();
  }

  private static String limit(Series pool, Optional<Series> limit) {
    return limit
        .map(
            most ->
                String.format(
                    Locale.ROOT,
                    "%8s %7s",
                    Digits.count(most.perSecond().median()),
                    ratio(pool, most)))
        .orElse("");
  }

  private static String ratio(Series pool, Series other) {
    return Digits.ratio(pool.ratioTo(other).median());
  }

  /** Of the last two, threads and probe, the others are told as multiples. */
  void latencies(List<Latency> latencies) {
    Latency threads = latencies.get(latencies.size() - 2);
    Latency probe = latencies.get(latencies.size() - 1);
    out.println();
    out.printf(
        LATENCY,
        "One job at a time, µs",
        "p50",
        "spread",
        "p99",
        "p99.9",
        "× threads",
        "× probe",
        "CPU µs");
    for (Latency latency : latencies) {
      out.printf(
          LATENCY,
          latency.contender(),
          Digits.three(latency.medianMicros().median()),
          Digits.spread(latency.medianMicros()),
          Digits.three(latency.percentileMicros(99)),
          Digits.three(latency.percentileMicros(99.9)),
          Digits.three(latency.ratioTo(threads).median()),
          Digits.three(latency.ratioTo(probe).median()),
          Digits.three(latency.cpuMicros().median()));
    }
    out.flush();
  }

  void figures(List<Figure> figures) {
    String group = "";
    for (Figure figure : figures) {
      if (!figure.group().equals(group)) {
        group = figure.group();
        out.println();
        out.printf(FIGURE, title(group), "median", "", "least – most");
      }
      out.printf(
          FIGURE,
          figure.name(),
          Digits.three(figure.value().median()),
          figure.unit(),
          Digits.three(figure.value().least()) + " – " + Digits.three(figure.value().most()));
    }
    out.flush();
  }

  private static String title(String group) {
    return group.substring(0, 1).toUpperCase(Locale.ROOT) + group.substring(1);
  }

  void end(Report report) {
    out.println();
    out.printf(
        Locale.ROOT,
        "%.0f s; medians; a ratio is the median of the rounds' ratios. \"at most\" is, for echoes, the limit"
            + " probe, which%nhas no pool, handlers or futures (of 1 MiB, blocking NIO); for CPU"
            + " jobs, %d processes that ask nobody for jobs.%n\"added\" is what the pool's CPU is"
            + " more than that of one thread for the same job.%n",
        report.seconds(),
        workers);
    if (OtherLoad.isBusy(report.othersCores())) {
      out.printf(
          Locale.ROOT,
          "WARNING: the machine is busy: others used %.1f of its %d cores meanwhile. Trust only large"
              + " differences.%n",
          report.othersCores(),
          report.machine().cores());
    }
    out.flush();
  }
}
