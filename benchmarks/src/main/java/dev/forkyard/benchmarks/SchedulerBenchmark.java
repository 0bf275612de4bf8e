package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.scheduling.BusyScheduler;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The scheduler alone, without processes: what a job costs it from submission to end, while so many
 * others wait. Workers answer in the order in which they got their jobs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class SchedulerBenchmark {

  private static final int BATCH = 64;

  @Param({"2", "1000"})
  private int workers;

  @Param({"0", "1000000"})
  private int queued;

  private BusyScheduler scheduler;

  /** Boots the workers and fills the queue. */
  @Setup
  public void fill() {
    scheduler = new BusyScheduler(workers, queued);
  }

  /** 64 come together, and 64 answers. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void batch() {
    scheduler.exchange(BATCH);
  }

  /** One comes, one is answered. */
  @Benchmark
  public void single() {
    scheduler.exchange(1);
  }
}
