package dev.forkyard.pool.scheduler;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The workers alive, and those that may get jobs in the order in which they should. */
final class Crew<J> {

  private final Map<Long, Worker<J>> alive = new HashMap<>();
  private final ByLoad<J> byLoad = new ByLoad<>();

  /** Those of them that get no more jobs. */
  private final ByLoad<J> spent = new ByLoad<>();

  /** The one that was found last: most often it is asked for many times in a row. */
  private @Nullable Worker<J> found;

  private int starting;

  /** How many of those that are available hold jobs, get no more, and go after them. */
  private int surplus;

  void add(Worker<J> worker) {
    alive.put(worker.id, worker);
    starting++;
  }

  @Nullable Worker<J> find(long workerId) {
    Worker<J> worker = found;
    if (worker == null || worker.id != workerId) {
      worker = alive.get(workerId);
      found = worker;
    }
    return worker;
  }

  /** Every worker that is not dead, oldest first. */
  List<Worker<J>> all() {
    List<Worker<J>> all = new ArrayList<>(alive.values());
    all.sort(Comparator.comparingLong(worker -> worker.id));
    return all;
  }

  int size() {
    return alive.size();
  }

  int starting() {
    return starting;
  }

  /** How many hold jobs or may get some; not those that go since there are too many. */
  int available() {
    return byLoad.size() + spent.size() - surplus;
  }

  /** How many may get jobs. */
  int takers() {
    return byLoad.size();
  }

  /** How many can be counted on: those that boot and those that are available. */
  int useful() {
    return starting + available();
  }

  @Nullable Worker<J> leastLoaded() {
    return byLoad.leastLoaded();
  }

  /**
   * One to take jobs back from, which has some that another may have, and was not asked for others
   * without having answered yet.
   */
  @Nullable Worker<J> mostLoadedNotAsked() {
    Predicate<Worker<J>> hasSome = worker -> worker.recall == null && worker.loose() > 0;
    Worker<J> victim = spent.mostLoaded(hasSome);
    return victim != null ? victim : byLoad.mostLoaded(hasSome);
  }

  /** Of those that may get jobs and of which this is so, the first in this order. */
  @Nullable Worker<J> best(Predicate<Worker<J>> wanted, Comparator<Worker<J>> order) {
    Worker<J> best = null;
    for (Worker<J> each : alive.values()) {
      if (each.takesJobs()
          && wanted.test(each)
          && (best == null || order.compare(each, best) < 0)) {
        best = each;
      }
    }
    return best;
  }

  void put(Worker<J> worker, Job<J> job) {
    leave(worker);
    worker.line.addLast(job);
    job.takenBack = false;
    worker.bytes += job.spec().bytes();
    worker.everAssigned = true;
    worker.tied += job.spec().tied() ? 1 : 0;
    // What is for it alone is no reason to replace it sooner.
    worker.quota -= job.spec().workerId() == 0 ? 1 : 0;
    if (worker.state() instanceof WorkerState.Ready) {
      worker.become(new WorkerState.Busy());
    }
    enter(worker);
  }

  /** How many more jobs the worker may get, and whether it gets any. */
  void allow(Worker<J> worker, long quota, boolean retired) {
    boolean available = leave(worker);
    worker.quota = quota;
    worker.retired = retired;
    if (available) {
      enter(worker);
    }
  }

  /** Whether the worker is one too many, and so gets no more jobs. */
  void setSurplus(Worker<J> worker, boolean isSurplus) {
    if (worker.surplus != isSurplus && worker.available()) {
      surplus += isSurplus ? 1 : -1;
      worker.surplus = isSurplus;
      allow(worker, worker.quota, isSurplus);
    }
  }

  private boolean leave(Worker<J> worker) {
    return (worker.spent() ? spent : byLoad).remove(worker);
  }

  private void enter(Worker<J> worker) {
    (worker.spent() ? spent : byLoad).add(worker);
  }

  /** Takes the job out of the worker's hands. */
  void take(Worker<J> worker, Job<J> job) {
    boolean available = leave(worker);
    if (worker.line.peekFirst() == job) {
      worker.line.removeFirst();
    } else {
      worker.line.remove(job);
    }
    worker.bytes -= job.spec().bytes();
    worker.tied -= job.spec().tied() ? 1 : 0;
    if (available) {
      if (worker.line.isEmpty()) {
        worker.become(new WorkerState.Ready());
      }
      enter(worker);
    }
  }

  void become(Worker<J> worker, WorkerState next) {
    if (worker.state() instanceof WorkerState.Starting) {
      starting--;
    }
    leave(worker);
    if (worker.surplus && worker.available()) {
      surplus--;
    }
    worker.become(next);
    if (worker.available()) {
      enter(worker);
    } else if (next instanceof WorkerState.Dead) {
      alive.remove(worker.id);
      found = null;
    }
  }
}
