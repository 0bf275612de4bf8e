package dev.forkyard.pool;

/**
 * Counts at one moment. At every moment {@code submitted = queued + running + succeeded + failed +
 * cancelled}.
 *
 * @param queued accepted and not started, as far as is known; prefetched jobs among them
 * @param running jobs that workers run, or are about to: as many as each has slots
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
