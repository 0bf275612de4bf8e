package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/** What waits for one worker and for no other. */
final class Tie<J> {

  final Worker<J> worker;

  /** The jobs that are for it alone: they go before all others, in the order in which they came. */
  private final JobQueue<J> own;

  /** Those whose key it has. */
  private final JobQueue<J> keyed;

  /** Whether the last one it got that was not its own was one of those. */
  private boolean keyedLast;

  Tie(Worker<J> worker, long levelNanos) {
    this.worker = worker;
    this.own = new JobQueue<>(0);
    this.keyed = new JobQueue<>(levelNanos);
  }

  JobQueue<J> own() {
    return own;
  }

  JobQueue<J> keyed() {
    return keyed;
  }

  boolean isEmpty() {
    return own.isEmpty() && keyed.isEmpty();
  }

  /** The next one that the worker may get; null if there is none, or it gets none. */
  @Nullable Job<J> next() {
    Job<J> first = worker.available() ? own.peek() : null;
    return first == null && worker.takesJobs() ? keyed.peek() : first;
  }

  /**
   * Whether this one of them goes before one from the pool's queue. Keys and the rest take turns,
   * but where all that wait are of one label they go as they do in a queue.
   */
  boolean goesBefore(Job<J> first, Job<J> other) {
    if (first.queue == own) {
      return true;
    }
    boolean ofOneLabel =
        keyed.isOfOneLabelWith(other) && other.queue != null && other.queue.isOfOneLabelWith(first);
    return ofOneLabel ? keyed.rank(first) - keyed.rank(other) <= 0 : !keyedLast;
  }

  void gets(Job<J> job) {
    if (job.queue != own) {
      keyedLast = job.queue == keyed;
    }
  }
}
