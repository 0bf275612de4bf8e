package dev.forkyard.benchmarks.measure;

/**
 * What one contender did in one round.
 *
 * @param masterNanos CPU time of this process
 * @param workerNanos CPU time of the workers
 */
public record Round(long jobs, long nanos, long masterNanos, long workerNanos) {

  /** Jobs a second. */
  public double perSecond() {
    return jobs * 1e9 / nanos;
  }

  /** Microseconds of this process's CPU a job. */
  public double masterMicros() {
    return masterNanos / 1e3 / jobs;
  }

  /** Microseconds of the workers' CPU a job. */
  public double workerMicros() {
    return workerNanos / 1e3 / jobs;
  }
}
