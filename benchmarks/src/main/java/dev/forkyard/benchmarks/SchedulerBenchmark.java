package dev.forkyard.benchmarks;

import dev.forkyard.pool.scheduler.JobSpec;
import dev.forkyard.pool.scheduler.Scheduler;
import dev.forkyard.pool.scheduler.SchedulerConfig;
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
public class SchedulerBenchmark {

  private static final int BATCH = 64;
  private static final long BOOT_NANOS = 30_000_000_000L;
  private static final JobSpec SPEC = new JobSpec(0, 0, 0, 16);

  @Param({"2", "1000"})
  private int workers;

  @Param({"0", "1000000"})
  private int queued;

  private long now = 1;
  private long lastJobId;
  private AnsweringWorkers answers;
  private Scheduler<Object> scheduler;

  /** Boots the workers and fills the queue. */
  @Setup
  public void fill() {
    answers = new AnsweringWorkers();
    scheduler = new Scheduler<>(SchedulerConfig.of(workers, workers, 127, BOOT_NANOS), answers);
    scheduler.settle(now);
    for (long worker = 1; worker <= workers; worker++) {
      scheduler.greeted(worker, now);
    }
    for (int i = 0; i < queued; i++) {
      scheduler.submit(++lastJobId, this, SPEC, now);
    }
    scheduler.settle(now);
  }

  /** As the event loop does it: so many come, as many answers, and one look at it all. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void batch() {
    now += 1000;
    for (int i = 0; i < BATCH; i++) {
      scheduler.submit(++lastJobId, this, SPEC, now);
    }
    scheduler.settle(now);
    for (int i = 0; i < BATCH; i++) {
      answers.answerOldest(scheduler, now);
    }
    scheduler.settle(now);
  }

  /** One comes, one is answered. */
  @Benchmark
  public void single() {
    now += 1000;
    scheduler.submit(++lastJobId, this, SPEC, now);
    scheduler.settle(now);
    answers.answerOldest(scheduler, now);
    scheduler.settle(now);
  }
}
