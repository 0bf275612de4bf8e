package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.measure.Jvm;
import dev.forkyard.benchmarks.measure.Machine;
import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.pool.ProcessPool;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How long it takes until there is something that works, with and without archives of classes: all
 * in alternating rounds, each also as a multiple of an empty JVM in the same round.
 */
final class StartUp {

  private static final String GROUP = "start-up";
  private static final String EMPTY = "an empty JVM, start to exit";

  /** Netty loads the whole of the flight recorder otherwise. */
  private static final String WITHOUT_EVENTS = "-Dio.netty.jfr.enabled=false";

  private interface Start {
    /** The moment at which it was there; what it takes to end it is no part of that. */
    long nanoTime() throws Exception;
  }

  private final int times;

  StartUp(int times) {
    this.times = times;
  }

  /**
   * Measures start-up and memory alone.
   *
   * @param args how many rounds, and the folder of the {@code forkyard} script
   */
  public static void main(String[] args) throws Exception {
    int cores = Runtime.getRuntime().availableProcessors();
    TextReport report =
        new TextReport(new PrintWriter(System.out, true, StandardCharsets.UTF_8), cores);
    report.machine(Machine.here());
    report.figures(new StartUp(Integer.parseInt(args[0])).measure(Path.of(args[1])));
    report.figures(new Memory(cores, Plan.JOBS).measure());
  }

  List<Figure> measure(@Nullable Path root) throws Exception {
    try (TemporaryDirectory temporary = new TemporaryDirectory()) {
      return figures(measured(starts(temporary.path(), root)));
    }
  }

  private static Map<String, Start> starts(Path temporary, @Nullable Path root) throws Exception {
    Path cache = temporary.resolve("forkyard");
    try (ProcessPool pool = ProcessPool.builder().workers(1).cacheDirectory(cache).build()) {
      if (!pool.makeArchive()) {
        throw new IOException("no archive of the workers' classes could be made in " + cache);
      }
    }
    Map<String, Start> starts = new LinkedHashMap<>();
    starts.put(EMPTY, () -> exit(Jvm.command(Jvm.workerOptions(), Nothing.class), Map.of()));
    for (int workers = 1; workers <= 2; workers++) {
      int count = workers;
      String ready = (count == 1 ? "one worker" : "two workers at once") + " ready, ";
      starts.put(ready + "without archive", () -> ready(count, null));
      starts.put(ready + "with", () -> ready(count, cache));
    }
    starts.put("a program's first result, without", () -> firstByte(program(List.of(), null)));
    starts.put("a program's first result, with", archived(temporary, cache, List.of()));
    starts.put("  and " + WITHOUT_EVENTS, archived(temporary, cache, List.of(WITHOUT_EVENTS)));
    if (root != null && Files.isExecutable(root.resolve("forkyard"))) {
      addCommand(starts, root.resolve("forkyard").toString(), temporary);
    }
    return starts;
  }

  /** The program itself has an archive too, as one that is installed may have. */
  private static Start archived(Path temporary, Path cache, List<String> options) throws Exception {
    Path archive = temporary.resolve("program" + options.size() + ".jsa");
    exit(program(with(options, "-XX:ArchiveClassesAtExit=" + archive), cache), Map.of());
    return () -> firstByte(program(with(options, "-XX:SharedArchiveFile=" + archive), cache));
  }

  private static List<String> with(List<String> options, String archive) {
    return Stream.concat(options.stream(), Stream.of(archive, "-Xlog:disable")).toList();
  }

  private static void addCommand(Map<String, Start> starts, String forkyard, Path caches)
      throws Exception {
    Map<String, String> with = Map.of("XDG_CACHE_HOME", caches.toString());
    exit(List.of(forkyard, "prepare"), with);
    List<String> run = List.of(forkyard, "run", "-q", "echo", "hi");
    starts.put("forkyard run echo hi, without", () -> exit(run, Map.of("FORKYARD_CDS", "off")));
    starts.put("forkyard run echo hi, with", () -> exit(run, with));
  }

  private Map<String, double[]> measured(Map<String, Start> starts) throws Exception {
    Map<String, double[]> millis = new LinkedHashMap<>();
    for (int round = -1; round < times; round++) {
      for (Map.Entry<String, Start> each : starts.entrySet()) {
        long since = System.nanoTime();
        double took = (each.getValue().nanoTime() - since) / 1e6;
        if (round >= 0) {
          millis.computeIfAbsent(each.getKey(), name -> new double[times])[round] = took;
        }
      }
    }
    return millis;
  }

  private List<Figure> figures(Map<String, double[]> measured) {
    List<Figure> figures = new ArrayList<>();
    double[] empty = measured.getOrDefault(EMPTY, new double[times]);
    measured.forEach(
        (name, millis) -> {
          figures.add(new Figure(GROUP, name, "ms", spread(round -> millis[round])));
          if (!name.equals(EMPTY)) {
            Spread ratios = spread(round -> millis[round] / empty[round]);
            figures.add(new Figure(GROUP, "  in empty JVMs", "×", ratios));
          }
        });
    return figures;
  }

  private Spread spread(IntToDoubleFunction ofRound) {
    return Spread.of(IntStream.range(0, times).mapToDouble(ofRound));
  }

  private static List<String> program(List<String> options, @Nullable Path cache) {
    List<String> all = new ArrayList<>(options);
    all.add("-XX:-UsePerfData");
    return Jvm.command(all, FirstResult.class, "1", cache == null ? "" : cache.toString());
  }

  private static long exit(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    int code = builder.start().waitFor();
    if (code != 0) {
      throw new IOException(command.get(0) + " ended with " + code);
    }
    return System.nanoTime();
  }

  private static long firstByte(List<String> command) throws IOException {
    Process process = Jvm.start(command);
    try (InputStream out = process.getInputStream()) {
      if (out.read() < 0) {
        throw new IOException("no result from " + command.get(0));
      }
      return System.nanoTime();
    } finally {
      process.destroy();
      process.onExit().join();
    }
  }

  /** In this master, which is warm. */
  private static long ready(int workers, @Nullable Path cache) {
    ProcessPool.Builder builder = ProcessPool.builder().workers(workers);
    ProcessPool pool =
        (cache == null ? builder.classDataSharing(false) : builder.cacheDirectory(cache)).build();
    Pool.awaitReady(pool, workers);
    long there = System.nanoTime();
    pool.shutdownNow();
    return there;
  }
}
