package dev.forkyard.pool.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Which workers are to be replaced though nothing is wrong with them, and which of them goes next.
 *
 * <pre>
 *   takes jobs ──overdue──► due ──choose──► spent ──its line is empty──► free ──next──► leaving
 *        └──────has had all the jobs that it may──────►┘
 * </pre>
 *
 * <p>While there is any, the pool wants one worker more. When that is ready, the next one goes: one
 * that gets no more jobs and holds none. Where there is none such, one that still gets jobs is
 * chosen to get no more; if it does not come to their end soon, another is chosen in its place. The
 * next has its turn when the one that leaves is gone.
 */
final class Rotation<J> {

  private final Limits limits;
  private final SplittableRandom random;

  /** Overdue, and gets jobs all the same until it is chosen. */
  private final Set<Worker<J>> due = new LinkedHashSet<>();

  /** Gets no more jobs. */
  private final Set<Worker<J>> spent = new LinkedHashSet<>();

  /** Those of them that hold none. */
  private final Set<Worker<J>> free = new LinkedHashSet<>();

  /** Holds no jobs and is one too many, so that it needs no replacement. */
  private final Set<Worker<J>> parting = new LinkedHashSet<>();

  private @Nullable Worker<J> chosen;
  private @Nullable Worker<J> leaving;

  Rotation(SchedulerConfig config) {
    this.limits = config.limits();
    this.random = new SplittableRandom(config.seed() + 2);
  }

  /** How many jobs a new worker may get. */
  long quota() {
    return limits.jobs() == 0 ? Long.MAX_VALUE : limit(limits.jobs());
  }

  /** How old a new worker may get; 0 is without limit. */
  long ageNanos() {
    return limits.ageNanos() == 0 ? 0 : Math.max(1, limit(limits.ageNanos()));
  }

  /** A little less than the limit, so that workers that began together don't end together. */
  private long limit(long most) {
    return most - random.nextLong(most / 8 + 1);
  }

  boolean wantsOneMore() {
    return leaving == null && !(due.isEmpty() && spent.isEmpty());
  }

  boolean isIdle() {
    return leaving == null && due.isEmpty() && spent.isEmpty();
  }

  /** The worker's state, its line, or what it may get, has changed. */
  void look(Worker<J> worker) {
    boolean available = worker.available() && !worker.surplus;
    boolean gets = !worker.spent();
    put(due, worker, available && worker.due() && gets);
    put(spent, worker, available && !gets);
    put(free, worker, available && !gets && worker.line.isEmpty());
    put(parting, worker, worker.available() && worker.surplus && worker.line.isEmpty());
    if (chosen == worker && (worker.surplus || !worker.retired)) {
      chosen = null;
    }
  }

  private static <T> void put(Set<T> set, T element, boolean in) {
    if (in) {
      set.add(element);
    } else {
      set.remove(element);
    }
  }

  /** The one that goes now; not to be asked while another does. */
  @Nullable Worker<J> next() {
    return free.isEmpty() ? null : free.iterator().next();
  }

  /** One that goes though none takes its place. */
  @Nullable Worker<J> nextParting() {
    return parting.isEmpty() ? null : parting.iterator().next();
  }

  /** The one that shall get no more jobs, if one must; it is told by the next look at it. */
  @Nullable Worker<J> choose() {
    if (chosen != null || due.isEmpty()) {
      return null;
    }
    chosen = due.iterator().next();
    return chosen;
  }

  boolean chose(Worker<J> worker) {
    return chosen == worker;
  }

  /** The one that was chosen has not come to the end of its jobs, and others wait. */
  boolean holdsUp(Worker<J> worker) {
    return chosen == worker && !worker.line.isEmpty() && !due.isEmpty();
  }

  void leaves(Worker<J> worker) {
    leaving = worker;
    forget(worker);
  }

  /** The worker gets no jobs any more, for whatever reason. */
  void forget(Worker<J> worker) {
    due.remove(worker);
    spent.remove(worker);
    free.remove(worker);
    parting.remove(worker);
    chosen = chosen == worker ? null : chosen;
  }

  /** The worker is dead. */
  void gone(Worker<J> worker) {
    leaving = leaving == worker ? null : leaving;
  }
}
