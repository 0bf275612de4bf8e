package dev.forkyard.pool;

/**
 * Counts at one moment. At every moment {@code submitted = queued + running + succeeded + failed +
 * cancelled}.
 *
 * @param queued accepted and not started, as far as is known; prefetched jobs among them
 * @param running jobs that workers run, or are about to: as many as each has slots
 * @param succeeded jobs that answered with a result; also one whose future was cancelled, or ended
 *     otherwise, when its answer was there already, since there was nothing left to stop
 * @param failed jobs that ended with an error of any kind but a cancellation
 * @param cancelled jobs that ended because their future was cancelled, or ended otherwise by this
 *     program, or their pool was shut down
 * @param retried how often a job was run again
 * @param workers worker processes alive, those that boot among them
 * @param started worker processes started so far
 * @param lost worker processes that ended without being asked to
 */
public record PoolStats(
    long submitted,
    long queued,
    long running,
    long succeeded,
    long failed,
    long cancelled,
    long retried,
    int workers,
    long started,
    long lost) {}
