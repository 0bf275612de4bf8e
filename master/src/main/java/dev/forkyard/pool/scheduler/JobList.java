package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/** Jobs in a row, first in, first out, each of which can leave from the middle at once. */
final class JobList<J> {

  private @Nullable Job<J> first;
  private @Nullable Job<J> last;

  boolean isEmpty() {
    return first == null;
  }

  @Nullable Job<J> peek() {
    return first;
  }

  void addLast(Job<J> job) {
    job.previous = last;
    if (last == null) {
      first = job;
    } else {
      last.next = job;
    }
    last = job;
  }

  void addFirst(Job<J> job) {
    job.next = first;
    if (first == null) {
      last = job;
    } else {
      first.previous = job;
    }
    first = job;
  }

  void remove(Job<J> job) {
    if (job.previous == null) {
      first = job.next;
    } else {
      job.previous.next = job.next;
    }
    if (job.next == null) {
      last = job.previous;
    } else {
      job.next.previous = job.previous;
    }
    job.previous = null;
    job.next = null;
  }
}
