package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.benchmarks.workload.Compute;
import dev.forkyard.pool.ProcessPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Whether short jobs suffer under long ones: jobs arrive at random, whether or not earlier ones
 * have ended, so many that half of the cores' time is taken. One in a hundred takes 100 ms, the
 * others 100 µs. How long a short one takes is counted from when it should have come.
 */
final class Fairness {

  private static final double LOAD = 0.5;
  private static final double LONG_ONES = 0.01;
  private static final double LONG_MICROS = 100_000;
  private static final double SHORT_MICROS = 100;
  private static final Duration ROUND = Duration.ofSeconds(6);
  private static final int MAX_ROUNDS = 5;

  private final int workers;
  private final int rounds;
  private final long shortSteps;
  private final long longSteps;

  Fairness(int workers, int rounds) {
    this.workers = workers;
    this.rounds = Math.min(rounds, MAX_ROUNDS);
    double stepsPerMicro = Compute.stepsPerMicro();
    this.shortSteps = Math.round(SHORT_MICROS * stepsPerMicro);
    this.longSteps = Math.round(LONG_MICROS * stepsPerMicro);
  }

  List<Figure> measure() throws Exception {
    List<Histogram> inPool = new ArrayList<>();
    List<Histogram> inThreads = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    try (ProcessPool pool =
        ProcessPool.builder().classDataSharing(false).workers(workers).build()) {
      for (int i = -1; i < rounds; i++) {
        Histogram pools = round(i, steps -> pool.submit(Compute.class, steps));
        Histogram executors =
            round(i, steps -> CompletableFuture.supplyAsync(() -> Compute.run(steps), threads));
        // The first only warms up.
        if (i >= 0) {
          inPool.add(pools);
          inThreads.add(executors);
        }
      }
    } finally {
      threads.shutdownNow();
    }
    return figures(inPool, inThreads);
  }

  /** The same jobs at the same times, for the same seed. */
  private Histogram round(int seed, LongFunction<CompletableFuture<Long>> submit) {
    Histogram waits = new ConcurrentHistogram(3);
    List<CompletableFuture<?>> all = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(seed);
    double meanMicros = LONG_ONES * LONG_MICROS + (1 - LONG_ONES) * SHORT_MICROS;
    double everyNanos = meanMicros * 1_000 / workers / LOAD;
    long start = System.nanoTime();
    long due = start;
    while (due - start < ROUND.toNanos()) {
      due += (long) (-Math.log(1 - random.nextDouble()) * everyNanos);
      boolean isLong = random.nextDouble() < LONG_ONES;
      waitUntil(due);
      long wanted = due;
      CompletableFuture<Long> job = submit.apply(isLong ? longSteps : shortSteps);
      all.add(isLong ? job : job.thenAccept(done -> record(waits, wanted)));
    }
    CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).join();
    return waits;
  }

  private static void record(Histogram waits, long due) {
    waits.recordValue(Math.max(0, System.nanoTime() - due));
  }

  private static void waitUntil(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static List<Figure> figures(List<Histogram> inPool, List<Histogram> inThreads) {
    return List.of(
        figure("short jobs, p50, pool", inPool, 50),
        figure("short jobs, p50, threads", inThreads, 50),
        figure("short jobs, p99, pool", inPool, 99),
        figure("short jobs, p99, threads", inThreads, 99),
        new Figure("fairness", "short jobs, p99, pool ÷ threads", "×", ratio(inPool, inThreads)));
  }

  private static Figure figure(String name, List<Histogram> rounds, double percentile) {
    return new Figure(
        "fairness",
        name,
        "ms",
        Spread.of(
            rounds.stream().mapToDouble(round -> round.getValueAtPercentile(percentile) / 1e6)));
  }

  private static Spread ratio(List<Histogram> inPool, List<Histogram> inThreads) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < inPool.size(); i++) {
      ratios.add(
          (double) inPool.get(i).getValueAtPercentile(99)
              / inThreads.get(i).getValueAtPercentile(99));
    }
    return Spread.of(ratios.stream().mapToDouble(Double::doubleValue));
  }
}
