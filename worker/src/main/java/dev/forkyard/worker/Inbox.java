package dev.forkyard.worker;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Tasks on their way from whoever reads to the job thread, in order. Many cost one hand-off. */
final class Inbox {

  /**
   * The newest of those that were handed over and not taken yet, with those before it behind it.
   */
  private final AtomicReference<@Nullable Task> handedOver = new AtomicReference<>();

  /** Whoever's reads: those not handed over yet, as above. */
  private @Nullable Task newest;

  private @Nullable Task oldest;

  /** The job thread's: those taken, the oldest first. */
  private @Nullable Task taken;

  /** It is handed over at the next {@link #handOver}; by whoever reads. */
  void add(Task task) {
    task.next = newest;
    newest = task;
    if (oldest == null) {
      oldest = task;
    }
  }

  /** By whoever reads. */
  void handOver() {
    Task last = oldest;
    if (last == null) {
      return;
    }
    Task before;
    do {
      before = handedOver.get();
      last.next = before;
    } while (!handedOver.compareAndSet(before, newest));
    newest = null;
    oldest = null;
  }

  /** On the job thread: the next one; null if there is none. */
  @Nullable Task take() {
    Task next = taken;
    if (next == null) {
      next = oldestFirst(handedOver.getAndSet(null));
    }
    if (next != null) {
      taken = next.next;
      next.next = null;
    }
    return next;
  }

  private static @Nullable Task oldestFirst(@Nullable Task newest) {
    Task first = null;
    for (Task each = newest; each != null; ) {
      Task before = each.next;
      each.next = first;
      first = each;
      each = before;
    }
    return first;
  }

  /** On the job thread: whether there are several. */
  boolean hasSeveral() {
    Task others = handedOver.get();
    return taken != null
        ? taken.next != null || others != null
        : others != null && others.next != null;
  }

  /** On the job thread: whether there is another one. */
  boolean hasNext() {
    return taken != null || handedOver.get() != null;
  }
}
