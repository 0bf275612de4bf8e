package dev.forkyard.pool.scheduler;

/**
 * The scheduler's counters at one moment; {@code submitted = queued + running + succeeded + failed
 * + cancelled}.
 *
 * @param dropped replies that named an unknown job or came from the wrong worker
 */
public record Counts(
    long submitted,
    long queued,
    long running,
    long succeeded,
    long failed,
    long cancelled,
    long retried,
    long dropped,
    int workers,
    long started,
    long lost) {}
