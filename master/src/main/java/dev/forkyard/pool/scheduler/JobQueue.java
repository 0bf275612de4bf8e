package dev.forkyard.pool.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The waiting jobs: a line for each label, and one for all jobs without. Lines that hold jobs take
 * turns, one job at a time; one that was empty comes last.
 */
final class JobQueue<J> {

  private final long levelNanos;
  private final JobLine<J> unlabelled;

  /** The lines of labels that hold jobs, so that a label that comes no more leaves nothing. */
  private final Map<String, JobLine<J>> byLabel = new HashMap<>();

  /** All lines that hold jobs; it is the first one's turn. */
  private final ArrayDeque<JobLine<J>> turns = new ArrayDeque<>();

  /**
   * Of jobs that count as submitted earlier by so much for each level of their priority.
   *
   * @param levelNanos at least 0
   */
  JobQueue(long levelNanos) {
    this.levelNanos = levelNanos;
    this.unlabelled = new JobLine<>(levelNanos);
  }

  boolean isEmpty() {
    return turns.isEmpty();
  }

  /** The one to be handed out next; null if none waits. */
  @Nullable Job<J> peek() {
    JobLine<J> first = turns.peekFirst();
    return first == null ? null : first.peek();
  }

  void addLast(Job<J> job) {
    line(job).addLast(job);
    job.queue = this;
  }

  void addFirst(Job<J> job) {
    line(job).addFirst(job);
    job.queue = this;
  }

  /** Whether it holds jobs of this one's label, and of no other. */
  boolean isOfOneLabelWith(Job<J> job) {
    Job<J> next = peek();
    return next != null
        && turns.size() == 1
        && Objects.equals(next.spec().label(), job.spec().label());
  }

  /** How it stands among others of its label, as a time: less goes first. */
  long rank(Job<J> job) {
    return job.submittedNanos - job.spec().priority() * levelNanos;
  }

  /** Takes out all, in the order in which they would have been handed out. */
  List<Job<J>> removeAll() {
    List<Job<J>> all = new ArrayList<>();
    for (Job<J> job = peek(); job != null; job = peek()) {
      take(job);
      all.add(job);
    }
    return all;
  }

  private JobLine<J> line(Job<J> job) {
    String label = job.spec().label();
    JobLine<J> line =
        label == null
            ? unlabelled
            : byLabel.computeIfAbsent(label, any -> new JobLine<>(levelNanos));
    if (line.isEmpty()) {
      turns.addLast(line);
    }
    return line;
  }

  /** Takes out the one that was next, which is handed out: then it is another line's turn. */
  void take(Job<J> job) {
    JobLine<J> line = turns.peekFirst();
    remove(job);
    if (line != null && !line.isEmpty() && turns.size() > 1) {
      turns.addLast(turns.removeFirst());
    }
  }

  void remove(Job<J> job) {
    String label = job.spec().label();
    JobLine<J> line = label == null ? unlabelled : byLabel.get(label);
    if (line == null) {
      throw new IllegalStateException("job " + job.id() + " is not in the queue");
    }
    line.remove(job);
    if (line.isEmpty()) {
      turns.remove(line);
      if (label != null) {
        byLabel.remove(label);
      }
    }
  }
}
