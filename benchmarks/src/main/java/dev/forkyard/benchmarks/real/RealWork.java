package dev.forkyard.benchmarks.real;

import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.pool.ProcessPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * Real work by the pool, by threads of one process, and by programs of which one is started for
 * each job.
 */
public final class RealWork implements AutoCloseable {

  private static final int FILES = 20_000;
  private static final int TEXT_MIB = 256;
  private static final int CLASSES_MIB = 48;
  private static final int ROUNDS = 3;
  private static final String WITH_CHUNK =
      "dd if=\"${1#* }\" bs=1048576 skip=\"${1%% *}\" count=1 status=none | ";

  private final int workers;
  private final ProcessPool pool;
  private final ExecutorService threads;
  private final RealData data;
  private final Programs programs;

  /** With so many workers, threads and programs at a time. */
  public RealWork(int workers) throws IOException {
    this.workers = workers;
    this.data = new RealData();
    this.programs = new Programs(workers, data);
    this.pool = ProcessPool.builder().classDataSharing(false).workers(workers).build();
    this.threads = Executors.newFixedThreadPool(workers);
    Pool.awaitReady(pool, workers);
  }

  /** Tells for each kind of work, as soon as it is measured, the seconds of each way. */
  public void measure(BiConsumer<String, Map<String, Spread>> each) throws Exception {
    for (RealJob<?> job : jobs()) {
      each.accept(job.name(), measure(job));
    }
  }

  private List<RealJob<?>> jobs() throws IOException {
    return List.of(
        new RealJob<>(
            "sha256 of %,d files".formatted(FILES),
            data.files(FILES),
            HashFile.class,
            HashFile::run,
            "exec sha256sum \"$1\""),
        new RealJob<>(
            "lines of %d MiB of text, by 1 MiB".formatted(TEXT_MIB),
            data.textChunks(TEXT_MIB),
            CountLines.class,
            CountLines::run,
            WITH_CHUNK + "wc -l"),
        new RealJob<>(
            "gzip of %d MiB of classes, by 1 MiB".formatted(CLASSES_MIB),
            data.classChunks(CLASSES_MIB),
            Compress.class,
            Compress::run,
            WITH_CHUNK + "gzip | wc -c"));
  }

  private interface Way {
    void run() throws Exception;
  }

  private Map<String, Spread> measure(RealJob<?> job) throws Exception {
    Map<String, Way> ways = new LinkedHashMap<>();
    ways.put("pool", () -> byPool(job));
    ways.put("one thread", () -> inline(job, job.inputs()));
    ways.put(workers + " threads", () -> byThreads(job));
    for (String warm : List.of("pool", workers + " threads")) {
      Objects.requireNonNull(ways.get(warm)).run();
    }
    Map<String, List<Double>> seconds = new LinkedHashMap<>();
    for (int i = 0; i < ROUNDS; i++) {
      for (Map.Entry<String, Way> way : ways.entrySet()) {
        seconds
            .computeIfAbsent(way.getKey(), name -> new ArrayList<>())
            .add(seconds(way.getValue()));
      }
    }
    programs.seconds(job).forEach((name, figure) -> seconds.put(name, List.of(figure)));
    Map<String, Spread> spreads = new LinkedHashMap<>();
    seconds.forEach(
        (name, figures) ->
            spreads.put(name, Spread.of(figures.stream().mapToDouble(Double::doubleValue))));
    return spreads;
  }

  private static double seconds(Way way) throws Exception {
    long since = System.nanoTime();
    way.run();
    return (System.nanoTime() - since) / 1e9;
  }

  private <O> void byPool(RealJob<O> job) {
    try (Stream<O> results = pool.map(job.handler(), job.inputs())) {
      check(job, results.filter(result -> !"".equals(result)).count());
    }
  }

  private static void check(RealJob<?> job, long results) {
    if (results != job.inputs().size()) {
      throw new IllegalStateException(job.name() + ": only " + results + " results");
    }
  }

  private static void inline(RealJob<?> job, List<String> inputs) throws Exception {
    for (String input : inputs) {
      job.inline().run(input);
    }
  }

  private void byThreads(RealJob<?> job) throws Exception {
    List<Future<?>> results = new ArrayList<>();
    for (String input : job.inputs()) {
      results.add(threads.submit(() -> job.inline().run(input)));
    }
    for (Future<?> result : results) {
      result.get();
    }
  }

  @Override
  public void close() throws IOException {
    pool.close();
    threads.shutdownNow();
    data.close();
  }
}
