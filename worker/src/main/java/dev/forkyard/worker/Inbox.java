package dev.forkyard.worker;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Tasks on their way from the thread that reads to the job thread, in order. Many cost one hand-off
 * between them, and a wake-up only if the job thread sleeps.
 */
final class Inbox {

  /**
   * The newest of those that were handed over and not taken yet, with those before it behind it.
   */
  private final AtomicReference<@Nullable Task> handedOver = new AtomicReference<>();

  private volatile @Nullable Thread sleeper;

  /** The reader's: those not handed over yet, as above. */
  private @Nullable Task newest;

  private @Nullable Task oldest;

  /** The job thread's: those taken, the oldest first. */
  private @Nullable Task taken;

  /** On the reader: it is handed over at the next {@link #handOver}. */
  void add(Task task) {
    task.next = newest;
    newest = task;
    if (oldest == null) {
      oldest = task;
    }
  }

  /** On the reader. */
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
    Thread asleep = sleeper;
    if (asleep != null) {
      LockSupport.unpark(asleep);
    }
  }

  /** On the job thread: waits for the next one. An interrupt that comes meanwhile is forgotten. */
  Task take() {
    Task next = taken;
    while (next == null) {
      next = oldestFirst(handedOver.getAndSet(null));
      if (next == null) {
        await();
      }
    }
    taken = next.next;
    next.next = null;
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

  private void await() {
    sleeper = Thread.currentThread();
    try {
      if (handedOver.get() == null) {
        LockSupport.park(this);
        Thread.interrupted();
      }
    } finally {
      sleeper = null;
    }
  }

  /** On the job thread: whether there is another one. */
  boolean hasNext() {
    return taken != null || handedOver.get() != null;
  }
}
