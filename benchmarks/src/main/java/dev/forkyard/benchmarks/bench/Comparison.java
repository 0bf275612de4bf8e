package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Series;
import java.util.List;
import java.util.Optional;

/**
 * One workload by several contenders in one run.
 *
 * @param pool the pool's rounds
 * @param oneThread the same jobs on the thread that asks
 * @param threads the same jobs on as many threads as the pool has workers
 * @param limit what can be reached at most, where that is known
 */
record Comparison(
    String workload,
    int inFlight,
    Series pool,
    Series oneThread,
    Series threads,
    Optional<Series> limit) {

  static Comparison of(String workload, int inFlight, List<Series> all) {
    return new Comparison(
        workload,
        inFlight,
        all.get(0),
        all.get(1),
        all.get(2),
        all.size() > 3 ? Optional.of(all.get(3)) : Optional.empty());
  }

  /** CPU of master and workers, less what the job takes on the thread that asks for it. */
  double addedMicros() {
    return pool.masterMicros().median()
        + pool.workerMicros().median()
        - oneThread.masterMicros().median();
  }
}
