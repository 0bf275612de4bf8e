package dev.forkyard.pool.scheduler;

/**
 * What the scheduler must know of a job.
 *
 * @param runNanos how long an attempt may run; 0 is without limit
 * @param queueNanos how long it may wait for its first worker; 0 is without limit
 * @param retries how many more attempts it gets when its worker is lost
 * @param bytes the size of its input
 */
public record JobSpec(long runNanos, long queueNanos, int retries, int bytes) {}
