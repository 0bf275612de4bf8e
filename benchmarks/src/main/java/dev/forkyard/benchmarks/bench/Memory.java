package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.benchmarks.workload.Workloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** What a worker with a heap of 64 MiB takes of the machine's memory; Linux tells it. */
final class Memory {

  private static final List<String> SMALL_HEAP = List.of("-Xmx64m");
  private static final int IN_FLIGHT = 128;

  private final int workers;
  private final int jobs;

  Memory(int workers, int jobs) {
    this.workers = workers;
    this.jobs = jobs;
  }

  List<Figure> measure() throws Exception {
    if (!Files.isReadable(Path.of("/proc/self/smaps_rollup"))) {
      return List.of();
    }
    List<Figure> figures = new ArrayList<>();
    try (TemporaryDirectory temporary = new TemporaryDirectory();
        Contender pool = Pool.archived(workers, SMALL_HEAP, temporary.path().resolve("cache"))) {
      figures.add(figure(pool, "an idle worker, private", Memory::privateMib));
      figures.add(figure(pool, "an idle worker, PSS", pid -> mib(pid, "Pss:")));
      Contender.Flow flow = pool.open(Workloads.echo(Workloads.KIB, IN_FLIGHT));
      for (int i = 0; i < jobs * workers; i++) {
        flow.submit();
      }
      flow.finish();
      String after = "a worker after %,d jobs of 1 KiB, ".formatted(jobs);
      figures.add(figure(pool, after + "private", Memory::privateMib));
      figures.add(figure(pool, after + "PSS", pid -> mib(pid, "Pss:")));
    }
    return figures;
  }

  private static Figure figure(Contender pool, String name, ToDoubleFunction<Long> mib) {
    return new Figure(
        "memory", name, "MiB", Spread.of(pool.workerPids().stream().mapToDouble(mib)));
  }

  private static double privateMib(long pid) {
    return mib(pid, "Private_Clean:") + mib(pid, "Private_Dirty:");
  }

  private static double mib(long pid, String key) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
      return lines
              .filter(line -> line.startsWith(key))
              .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
              .sum()
          / Workloads.KIB;
    } catch (IOException ended) {
      return Double.NaN;
    }
  }
}
