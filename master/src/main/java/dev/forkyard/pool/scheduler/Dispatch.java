package dev.forkyard.pool.scheduler;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds which of the jobs that wait goes next, and to which worker. */
final class Dispatch<J> {

  private final SchedulerConfig config;
  private final Actions<J> actions;
  private final Waiting<J> waiting;
  private final Crew<J> crew;

  /** Who gets a job is asked for. */
  private final boolean chooses;

  /** How many jobs a worker may hold. */
  private int depth;

  private @Nullable Worker<J> worker;

  Dispatch(SchedulerConfig config, Actions<J> actions, Waiting<J> waiting, Crew<J> crew) {
    this.config = config;
    this.actions = actions;
    this.chooses = actions.chooses();
    this.waiting = waiting;
    this.crew = crew;
  }

  /** To be told before a turn. */
  void begin(int depth) {
    this.depth = depth;
  }

  /** The one that goes next, to the {@link #worker}; null if none waits that one has room for. */
  @Nullable Job<J> next() {
    Job<J> head = waiting.peek();
    if (!waiting.ties().isEmpty() || (head != null && head.spec().affinity() != null)) {
      return nextWithTies();
    }
    worker = head == null ? null : anyFor(head);
    return worker == null ? null : head;
  }

  /** Who gets the one that was found last. */
  @Nullable Worker<J> worker() {
    return worker;
  }

  private @Nullable Worker<J> anyFor(Job<J> job) {
    Worker<J> chosen = chooses ? chosen(job) : null;
    if (chosen != null) {
      return chosen;
    }
    Worker<J> least = crew.leastLoaded();
    return least != null && hasRoom(least, job) ? least : null;
  }

  /** What was taken back from a busy worker for one that idles must not go there again. */
  private @Nullable Worker<J> chosen(Job<J> job) {
    List<Worker<J>> candidates = crew.all();
    candidates.removeIf(each -> !each.takesJobs() || !hasRoom(each, job) || isReserved(each));
    if (job.takenBack && candidates.stream().anyMatch(Worker::hasFreeSlot)) {
      candidates.removeIf(each -> !each.hasFreeSlot());
    }
    if (candidates.isEmpty()) {
      return null;
    }
    int index = actions.choose(job, candidates.stream().map(WorkerView::of).toList());
    return index >= 0 && index < candidates.size() ? candidates.get(index) : null;
  }

  /** A large job waits for its room. */
  private boolean isReserved(Worker<J> candidate) {
    Job<J> first = candidate.tie == null ? null : candidate.tie.next();
    return first != null && !hasRoom(candidate, first);
  }

  private boolean hasRoom(Worker<J> candidate, Job<J> job) {
    boolean fits = candidate.bytes + job.spec().bytes() <= config.maxBytesInFlight();
    return candidate.hasFreeSlot() || (candidate.load() < depth && fits);
  }

  private @Nullable Job<J> nextWithTies() {
    Job<J> head = waiting.peek();
    while (head != null && mustWait(head)) {
      head = waiting.peek();
    }
    Worker<J> target = head == null ? null : target(head);
    for (Tie<J> tie : waiting.ties()) {
      Job<J> first = tie.next();
      boolean meet = tie.worker == target;
      if (first != null && (head == null || !meet || tie.goesBefore(first, head))) {
        if (hasRoom(tie.worker, first)) {
          return give(first, tie.worker);
        }
        // It is large, and others would take its room again and again.
        target = meet ? null : target;
      }
    }
    worker = null;
    return head == null || target == null ? null : give(head, target);
  }

  /** Whether the worker that has its key has no room for it, so that it waits there. */
  private boolean mustWait(Job<J> head) {
    Worker<J> holder = waiting.holder(head);
    if (holder == null || (hasRoom(holder, head) && noneWaitsFor(holder))) {
      return false;
    }
    waiting.await(head, holder);
    return true;
  }

  private static boolean noneWaitsFor(Worker<?> holder) {
    return holder.tie == null || holder.tie.isEmpty();
  }

  private @Nullable Worker<J> target(Job<J> head) {
    Worker<J> holder = waiting.holder(head);
    if (holder != null || head.spec().affinity() == null) {
      return holder != null ? holder : anyFor(head);
    }
    Worker<J> chosen = chooses ? chosen(head) : null;
    return chosen != null
        ? chosen
        : crew.best(
            each -> hasRoom(each, head),
            (a, b) -> {
              // A new key is for one that idles, and else for one that has few.
              int idle = Boolean.compare(b.load() == 0, a.load() == 0);
              int fewer = idle != 0 ? idle : Integer.compare(a.keys, b.keys);
              return fewer != 0 ? fewer : Integer.compare(a.load(), b.load());
            });
  }

  private Job<J> give(Job<J> job, Worker<J> to) {
    waiting.bind(job, to);
    if (to.tie != null) {
      to.tie.gets(job);
    }
    worker = to;
    return job;
  }
}
