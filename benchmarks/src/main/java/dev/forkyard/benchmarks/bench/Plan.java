package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Rounds;
import java.time.Duration;

/**
 * How long everything is measured.
 *
 * @param rounds of one contender at one workload
 * @param startUps how often each start is repeated
 * @param jobs how many jobs make a worker grow
 * @param full whether what takes minutes is measured too
 */
record Plan(Rounds rounds, int startUps, int jobs, boolean full) {

  /** About so many contenders' turns there are, workloads times contenders. */
  private static final int TURNS = 40;

  private static final int WARM_UP_ROUNDS = 3;
  static final int JOBS = 100_000;
  private static final double TINY_SECONDS = 10;

  static Plan of(double seconds, boolean full) {
    boolean tiny = seconds < TINY_SECONDS;
    int count = tiny ? 3 : full ? 9 : 5;
    Duration each = Duration.ofNanos((long) (seconds * 1e9 / TURNS / (count + WARM_UP_ROUNDS)));
    return new Plan(
        new Rounds(each.multipliedBy(WARM_UP_ROUNDS), count, each),
        tiny ? 1 : full ? 11 : 5,
        tiny ? JOBS / 100 : JOBS,
        full);
  }
}
