package dev.forkyard.pool;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * How a job went.
 *
 * @param jobId its id, never used twice in one pool
 * @param attempt the attempt that decided it, 1 for the first; 0 if it never started
 * @param workerPid the process id of the worker that had it last; empty if none ever had
 * @param runTime how long the handler ran, by the worker's clock or, where its worker died or was
 *     killed, until that was seen; zero where that is not known
 * @param totalTime from its submission to its end
 */
public record JobReport(
    long jobId, int attempt, OptionalLong workerPid, Duration runTime, Duration totalTime) {

  /** Of what never was a job. */
  static final JobReport NONE = withoutRun(0, 0);

  static JobReport withoutRun(long jobId, long totalNanos) {
    return new JobReport(
        jobId, 0, OptionalLong.empty(), Duration.ZERO, Duration.ofNanos(totalNanos));
  }
}
