package dev.forkyard.pool.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Workers in the order of their loads, which change by one at a time: a list for each load, so that
 * a change costs the same however many there are. Of equal ones the last that changed comes first.
 */
final class ByLoad<J> {

  private static final int ABSENT = -1;

  private final List<@Nullable Worker<J>> lists = new ArrayList<>();
  private int size;

  /** No list below this one, and none above the other, has any. */
  private int least;

  private int most;

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  void add(Worker<J> worker) {
    int load = worker.load();
    while (lists.size() <= load) {
      lists.add(null);
    }
    Worker<J> first = lists.get(load);
    worker.listedAt = load;
    worker.nextListed = first;
    if (first != null) {
      first.previousListed = worker;
    }
    lists.set(load, worker);
    least = Math.min(least, load);
    most = Math.max(most, load);
    size++;
  }

  /** Takes out one that has had this load since it was added; false if it is not there. */
  boolean remove(Worker<J> worker) {
    if (worker.listedAt == ABSENT) {
      return false;
    }
    if (worker.previousListed == null) {
      lists.set(worker.listedAt, worker.nextListed);
    } else {
      worker.previousListed.nextListed = worker.nextListed;
    }
    if (worker.nextListed != null) {
      worker.nextListed.previousListed = worker.previousListed;
    }
    worker.previousListed = null;
    worker.nextListed = null;
    worker.listedAt = ABSENT;
    size--;
    return true;
  }

  @Nullable Worker<J> leastLoaded() {
    if (size == 0) {
      return null;
    }
    while (lists.get(least) == null) {
      least++;
    }
    return lists.get(least);
  }

  /** The most loaded one of those with more than one job of which this is so. */
  @Nullable Worker<J> mostLoaded(Predicate<Worker<J>> wanted) {
    while (size > 0 && lists.get(most) == null) {
      most--;
    }
    for (int load = most; size > 0 && load > 1; load--) {
      for (Worker<J> each = lists.get(load); each != null; each = each.nextListed) {
        if (wanted.test(each)) {
          return each;
        }
      }
    }
    return null;
  }
}
