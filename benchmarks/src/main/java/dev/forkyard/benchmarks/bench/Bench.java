package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.Machine;
import dev.forkyard.benchmarks.measure.OtherLoad;
import dev.forkyard.benchmarks.real.RealWork;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Reads the options of {@code forkyard bench}, measures, and writes the report. */
@Command(
    name = "forkyard bench",
    sortOptions = false,
    description =
        "Measures what a job costs in worker processes, against doing it in this one: a pool with a"
            + " worker for each core, one thread and as many threads run the same jobs in"
            + " alternating rounds. Takes about a minute.",
    footer = {
      "",
      "Ratios are worth more than figures, and figures more on a machine that does nothing else."
          + " docs/performance.md tells what they mean; benchmarks/peers/run compares with other"
          + " process pools."
    })
public final class Bench implements Callable<Integer> {

  private static final double SECONDS = 40;
  private static final double FULL_SECONDS = 300;
  private static final int WRONG_USAGE = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  @Option(names = "--full", description = "More rounds, more workloads: about ten minutes.")
  private boolean full;

  @Option(
      names = "--real",
      description = "Also real work: hashing, counting and compressing, also against xargs.")
  private boolean real;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures to FILE.")
  private @Nullable Path json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a page with charts to FILE; it needs nothing else.")
  private @Nullable Path html;

  @Option(
      names = {"-w", "--workers"},
      paramLabel = "N",
      description = "Workers and threads; by default one for each core.")
  private int workers = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "How long the rounds take in all; by default 40, and 300 with --full.")
  private double seconds;

  private Bench() {}

  /** Never returns; the exit code tells how it went. */
  public static void main(String[] args) {
    CommandLine commandLine = new CommandLine(new Bench());
    commandLine.setParameterExceptionHandler((problem, given) -> refuse(problem));
    System.exit(commandLine.execute(args));
  }

  private static int refuse(ParameterException problem) {
    System.err.println("forkyard: " + problem.getMessage() + "; see forkyard bench --help");
    return WRONG_USAGE;
  }

  @Override
  public Integer call() throws Exception {
    check();
    Plan plan = Plan.of(seconds > 0 ? seconds : full ? FULL_SECONDS : SECONDS, full);
    PrintWriter out = spec.commandLine().getOut();
    Report report = measure(plan, new TextReport(out, workers));
    write(report);
    return 0;
  }

  private void check() {
    if (workers < 1) {
      throw new ParameterException(
          spec.commandLine(), "--workers must be at least 1, but is " + workers);
    }
    if (seconds < 0 || Double.isNaN(seconds)) {
      throw new ParameterException(
          spec.commandLine(), "--seconds must be more than 0, but is " + seconds);
    }
    for (Path file : files()) {
      Path folder = file.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
        throw new ParameterException(spec.commandLine(), "can't write to " + file);
      }
    }
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>();
    if (json != null) {
      files.add(json);
    }
    if (html != null) {
      files.add(html);
    }
    return files;
  }

  private Report measure(Plan plan, TextReport table) throws Exception {
    Instant started = Instant.now();
    long since = System.nanoTime();
    OtherLoad others = new OtherLoad();
    Machine machine = Machine.here();
    table.machine(machine);
    List<Comparison> comparisons;
    List<Latency> latencies;
    try (Comparisons contenders = new Comparisons(workers, plan)) {
      comparisons = contenders.throughput(table::comparison);
      latencies = contenders.latency();
      table.latencies(latencies);
    }
    List<Figure> figures = new ArrayList<>();
    for (Measuring part : parts(plan)) {
      List<Figure> measured = part.measure();
      table.figures(measured);
      figures.addAll(measured);
    }
    if (real) {
      figures.addAll(realWork(table));
    }
    Report report =
        new Report(
            started,
            (System.nanoTime() - since) / 1e9,
            machine,
            workers,
            others.cores(),
            comparisons,
            latencies,
            figures);
    table.end(report);
    return report;
  }

  private interface Measuring {
    List<Figure> measure() throws Exception;
  }

  private List<Measuring> parts(Plan plan) {
    String root = System.getProperty("forkyard.root");
    List<Measuring> parts = new ArrayList<>();
    parts.add(() -> new StartUp(plan.startUps()).measure(root == null ? null : Path.of(root)));
    parts.add(() -> new Memory(workers, plan.jobs()).measure());
    parts.add(() -> new Scheduling(plan.rounds().count(), plan.rounds().each()).measure());
    if (full) {
      parts.add(() -> new Fairness(workers, plan.rounds().count()).measure());
      parts.add(() -> new Growth(workers).measure());
    }
    return parts;
  }

  private List<Figure> realWork(TextReport table) throws Exception {
    List<Figure> figures = new ArrayList<>();
    try (RealWork work = new RealWork(workers)) {
      work.measure(
          (name, ways) -> {
            List<Figure> measured = new ArrayList<>();
            ways.forEach((way, seconds) -> measured.add(new Figure(name, way, "s", seconds)));
            table.figures(measured);
            figures.addAll(measured);
          });
    }
    return figures;
  }

  private void write(Report report) throws IOException {
    String figures = JsonReport.of(report);
    if (json != null) {
      Files.writeString(json, figures);
    }
    if (html != null) {
      Files.writeString(html, HtmlReport.of(figures));
    }
  }
}
