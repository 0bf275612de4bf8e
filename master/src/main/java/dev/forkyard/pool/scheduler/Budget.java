package dev.forkyard.pool.scheduler;

import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How much memory all workers hold together, and whether that leaves room for one more. */
final class Budget<J> {

  private final long limit;
  private final TreeSet<Worker<J>> bySize =
      new TreeSet<>(
          Comparator.<Worker<J>>comparingLong(worker -> worker.memory)
              .thenComparingLong(worker -> worker.id));

  private long total;

  /** What the last one held before it had any job. */
  private long fresh;

  Budget(Limits limits) {
    this.limit = limits.budgetBytes();
  }

  void weighed(Worker<J> worker, long bytes) {
    forget(worker);
    worker.memory = bytes;
    total += bytes;
    bySize.add(worker);
    if (!worker.proven) {
      fresh = bytes;
    }
  }

  void forget(Worker<J> worker) {
    if (bySize.remove(worker)) {
      total -= worker.memory;
    }
  }

  boolean exceeded() {
    return limit > 0 && total > limit;
  }

  /** Whether another worker may be launched, beyond those that were not weighed yet. */
  boolean hasRoom(int unweighed) {
    return limit == 0 || total + (unweighed + 1) * fresh <= limit;
  }

  /**
   * The one that holds most of those that may be replaced; the others are few, and on their way
   * out.
   */
  @Nullable Worker<J> largest() {
    for (Worker<J> worker : bySize.descendingSet()) {
      if (worker.available() && !worker.surplus) {
        return worker;
      }
    }
    return null;
  }
}
