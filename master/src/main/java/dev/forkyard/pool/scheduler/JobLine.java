package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * The waiting jobs of one label. Each level of priority is a list, first in, first out. Of their
 * first ones that comes next which came first, where a job counts as if it had come earlier by the
 * same time for each level: so those of a higher priority go first, and none waits for ever.
 */
final class JobLine<J> {

  private static final int LEVELS = JobSpec.MAX_PRIORITY - JobSpec.MIN_PRIORITY + 1;

  private final long levelNanos;

  @SuppressWarnings({"unchecked", "rawtypes"}) // there are no arrays of generic types
  private final @Nullable JobList<J>[] levels = new JobList[LEVELS];

  /** A bit for each level that holds jobs. */
  private int held;

  JobLine(long levelNanos) {
    this.levelNanos = levelNanos;
  }

  boolean isEmpty() {
    return held == 0;
  }

  @Nullable Job<J> peek() {
    int lowest = Integer.numberOfTrailingZeros(held);
    if (held == 0 || held == 1 << lowest) {
      return held == 0 ? null : list(lowest).peek();
    }
    Job<J> next = null;
    long nextNanos = 0;
    for (int level = LEVELS - 1; level >= lowest; level--) {
      Job<J> first = (held & 1 << level) == 0 ? null : list(level).peek();
      if (first != null) {
        long nanos = first.submittedNanos - level * levelNanos;
        if (next == null || nanos - nextNanos < 0) {
          next = first;
          nextNanos = nanos;
        }
      }
    }
    return next;
  }

  void addLast(Job<J> job) {
    hold(job).addLast(job);
  }

  void addFirst(Job<J> job) {
    hold(job).addFirst(job);
  }

  private JobList<J> hold(Job<J> job) {
    int level = level(job);
    held |= 1 << level;
    return list(level);
  }

  void remove(Job<J> job) {
    int level = level(job);
    JobList<J> list = list(level);
    list.remove(job);
    if (list.isEmpty()) {
      held &= ~(1 << level);
    }
  }

  private static int level(Job<?> job) {
    return job.spec().priority() - JobSpec.MIN_PRIORITY;
  }

  private JobList<J> list(int level) {
    JobList<J> list = levels[level];
    if (list == null) {
      list = new JobList<>();
      levels[level] = list;
    }
    return list;
  }
}
