package dev.forkyard.pool.scheduler;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The workers alive, and those that may get jobs in the order in which they should. */
final class Crew<J> {

  private final Map<Long, Worker<J>> alive = new HashMap<>();
  private final ByLoad<J> byLoad = new ByLoad<>();

  /** The one that was found last: most often it is asked for many times in a row. */
  private @Nullable Worker<J> found;

  private int starting;

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

  boolean noneAvailable() {
    return byLoad.isEmpty();
  }

  /** How many can be counted on: those that boot and those that may get jobs. */
  int useful() {
    return starting + byLoad.size();
  }

  @Nullable Worker<J> leastLoaded() {
    return byLoad.leastLoaded();
  }

  /** The one to take jobs back from, unless it was asked for some and has not answered. */
  @Nullable Worker<J> mostLoadedNotAsked() {
    return byLoad.mostLoaded(worker -> worker.recall == null);
  }

  void put(Worker<J> worker, Job<J> job) {
    byLoad.remove(worker);
    worker.line.addLast(job);
    worker.bytes += job.spec().bytes();
    worker.everAssigned = true;
    if (worker.state() instanceof WorkerState.Ready) {
      worker.become(new WorkerState.Busy());
    }
    byLoad.add(worker);
  }

  /** Takes the job out of the worker's hands. */
  void take(Worker<J> worker, Job<J> job) {
    boolean available = byLoad.remove(worker);
    if (worker.line.peekFirst() == job) {
      worker.line.removeFirst();
    } else {
      worker.line.remove(job);
    }
    worker.bytes -= job.spec().bytes();
    if (available) {
      if (worker.line.isEmpty()) {
        worker.become(new WorkerState.Ready());
      }
      byLoad.add(worker);
    }
  }

  void become(Worker<J> worker, WorkerState next) {
    if (worker.state() instanceof WorkerState.Starting) {
      starting--;
    }
    byLoad.remove(worker);
    worker.become(next);
    if (worker.available()) {
      byLoad.add(worker);
    } else if (next instanceof WorkerState.Dead) {
      alive.remove(worker.id);
      found = null;
    }
  }
}
