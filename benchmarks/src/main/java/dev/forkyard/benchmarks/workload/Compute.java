package dev.forkyard.benchmarks.workload;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;

/**
 * A job that takes CPU time and nothing else. It is a number of steps and not a time, so that a
 * core that works for others shows.
 */
public final class Compute implements JobHandler<Long, Long> {

  private static final long CALIBRATION_STEPS = 20_000_000;
  private static final int TURNS = 5;

  @Override
  public Long handle(Long steps, JobContext context) {
    return run(steps);
  }

  /** The job itself. */
  public static long run(long steps) {
    long x = steps;
    for (long i = 0; i < steps; i++) {
      x = x * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
      x ^= x >>> 33;
    }
    return x;
  }

  /** How many steps this machine does in a microsecond, undisturbed: the best of some turns. */
  public static double stepsPerMicro() {
    long best = Long.MAX_VALUE;
    long sum = 0;
    for (int i = 0; i < TURNS; i++) {
      long start = System.nanoTime();
      sum += run(CALIBRATION_STEPS);
      best = Math.min(best, System.nanoTime() - start);
    }
    return sum == 0 ? 1 : CALIBRATION_STEPS * 1e3 / best;
  }
}
