package dev.forkyard.pool;

import org.HdrHistogram.Histogram;

/**
 * How long the jobs took that a worker answered for, with a result or an exception, since the pool
 * was built: in nanoseconds, within 1 %. Copies, which change no more.
 *
 * @param waiting from the submission until the end, less what it ran: the time in the queue, for
 *     earlier attempts, and on the way
 * @param running in the handler in the last attempt, by the worker's clock
 * @param total from the submission until the answer came
 */
public record JobTimes(Histogram waiting, Histogram running, Histogram total) {}
