package dev.forkyard.pool;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * How a job went.
 *
 * @param jobId its id, never used twice in one pool
 * @param attempt the attempt that decided it, 1 for the first; 0 if it never started
 * @param workerPid the process id of the worker that ran it last; empty if it never started
 * @param runTime how long the handler ran, by the worker's clock where it replied
 * @param totalTime from its submission to its end
 */
public record JobReport(
    long jobId, int attempt, OptionalLong workerPid, Duration runTime, Duration totalTime) {}
