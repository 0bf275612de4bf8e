package dev.forkyard.pool.scheduler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All jobs that wait for a worker: in the pool's queue, or with the one worker that each is tied to
 * ({@link Tie}).
 *
 * <pre>
 *   for one worker alone ────────────────────────────────────────► its own ──┐ first
 *                                                                            ▼
 *   with a key ──► the queue ──its turn, and its worker has no room──► keyed ──► that worker
 *   others ──────► the queue ──its turn──► any worker
 * </pre>
 *
 * <p>A key has the worker that got its first job, for as long as that may get jobs. So many keys
 * are remembered as the settings say; of more, those are forgotten first that have been without a
 * job for longest. What waits for a worker that gets no more jobs goes back to the head of the
 * queue; what is for it alone stays until it is gone.
 */
final class Waiting<J> {

  /** What a job's affinity names, and the worker that has it. */
  static final class Key<J> {
    private final String name;
    private @Nullable Worker<J> worker;

    /** How many jobs of it have been tied to a worker and not ended. */
    private int open;

    private Key(String name) {
      this.name = name;
    }
  }

  private final Crew<J> crew;
  private final SchedulerConfig config;
  private final JobQueue<J> queue;
  private final Map<String, Key<J>> keys = new HashMap<>();

  /** Those of them that no open job has, the one first that has been so for longest. */
  private final Set<Key<J>> unused = new LinkedHashSet<>();

  /** Those for which jobs wait, and some for which none does any more. */
  private final Set<Tie<J>> ties = new LinkedHashSet<>();

  Waiting(Crew<J> crew, SchedulerConfig config) {
    this.crew = crew;
    this.config = config;
    this.queue = new JobQueue<>(config.levelNanos());
  }

  /** The next one in the queue; null if it is empty. */
  @Nullable Job<J> peek() {
    return queue.peek();
  }

  /** Whether none is in the queue, whatever waits for one worker. */
  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Those for which jobs may wait. */
  Set<Tie<J>> ties() {
    return ties;
  }

  /** How many keys are remembered. */
  int keys() {
    return keys.size();
  }

  /** Any of all those that wait; null if there is none. */
  @Nullable Job<J> any() {
    for (Tie<J> tie : ties) {
      if (!tie.isEmpty()) {
        return tie.own().isEmpty() ? tie.keyed().peek() : tie.own().peek();
      }
    }
    return queue.peek();
  }

  /** False if it is for one worker alone, and that is gone. */
  boolean addLast(Job<J> job) {
    JobQueue<J> to = queueOf(job);
    if (to != null) {
      to.addLast(job);
    }
    return to != null;
  }

  /** As {@link #addLast}, but before the others. */
  boolean addFirst(Job<J> job) {
    JobQueue<J> to = queueOf(job);
    if (to != null) {
      to.addFirst(job);
    }
    return to != null;
  }

  private @Nullable JobQueue<J> queueOf(Job<J> job) {
    if (job.spec().workerId() == 0) {
      return queue;
    }
    Worker<J> worker = crew.find(job.spec().workerId());
    return worker == null || worker.leaves() ? null : tie(worker).own();
  }

  private Tie<J> tie(Worker<J> worker) {
    Tie<J> tie = worker.tie;
    if (tie == null) {
      tie = new Tie<>(worker, config.levelNanos());
      worker.tie = tie;
    }
    ties.add(tie);
    return tie;
  }

  /** The worker that has the job's key; null if it has none, or that gets no more jobs. */
  @Nullable Worker<J> holder(Job<J> job) {
    String name = job.spec().affinity();
    Key<J> key = name == null ? null : keys.get(name);
    return key == null || key.worker == null || !key.worker.takesJobs() ? null : key.worker;
  }

  /** The job, which is the next in the queue, waits for the worker that has its key. */
  void await(Job<J> job, Worker<J> worker) {
    queue.remove(job);
    bind(job, worker);
    tie(worker).keyed().addLast(job);
  }

  /** From now on, and until that gets no more jobs, the worker has the job's key, if it has one. */
  void bind(Job<J> job, Worker<J> worker) {
    String name = job.spec().affinity();
    if (name == null) {
      return;
    }
    Key<J> key = keys.get(name);
    if (key == null) {
      key = new Key<>(name);
      keys.put(name, key);
    }
    if (key.worker != worker) {
      if (key.worker != null) {
        key.worker.keys--;
      }
      key.worker = worker;
      worker.keys++;
    }
    if (job.key == null) {
      job.key = key;
      key.open++;
      unused.remove(key);
    }
    forgetThoseTooMany();
  }

  private void forgetThoseTooMany() {
    while (keys.size() > config.maxKeys() && !unused.isEmpty()) {
      Key<J> oldest = unused.iterator().next();
      unused.remove(oldest);
      keys.remove(oldest.name);
      if (oldest.worker != null) {
        oldest.worker.keys--;
      }
    }
  }

  /** The job has ended. */
  void release(Job<J> job) {
    Key<J> key = job.key;
    if (key != null && --key.open == 0) {
      unused.add(key);
      forgetThoseTooMany();
    }
  }

  /**
   * Takes what waits for workers that get no more jobs back to the queue.
   *
   * @return those that are for a worker alone that is gone
   */
  List<Job<J>> untie() {
    List<Job<J>> gone = new ArrayList<>();
    for (Iterator<Tie<J>> all = ties.iterator(); all.hasNext(); ) {
      Tie<J> tie = all.next();
      if (!tie.worker.takesJobs()) {
        List<Job<J>> back = tie.keyed().removeAll();
        for (int i = back.size() - 1; i >= 0; i--) {
          queue.addFirst(back.get(i));
        }
      }
      if (tie.worker.leaves()) {
        gone.addAll(tie.own().removeAll());
      }
      if (tie.isEmpty()) {
        all.remove();
      }
    }
    return gone;
  }
}
