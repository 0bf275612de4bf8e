package dev.forkyard.pool;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way from any thread to the loop, which takes all at once, each thread's in their
 * order. The one that comes first after that is to wake the loop.
 */
final class EventInbox {

  /** Something for the loop to do. */
  static final class Event {

    final @Nullable Runnable action;
    final @Nullable JobFuture<?> submitted;

    /** Of those taken: the one that was posted after this. */
    @Nullable Event next;

    Event(@Nullable Runnable action, @Nullable JobFuture<?> submitted) {
      this.action = action;
      this.submitted = submitted;
    }
  }

  /** The newest, with those before it behind it. */
  private final AtomicReference<@Nullable Event> newest = new AtomicReference<>();

  /** Whether there was no other, so that the loop is to be woken. */
  boolean post(Event event) {
    Event before;
    do {
      before = newest.get();
      event.next = before;
    } while (!newest.compareAndSet(before, event));
    return before == null;
  }

  /** The oldest, which leads to the others; null if there is none. */
  @Nullable Event takeAll() {
    Event first = null;
    for (Event each = newest.getAndSet(null); each != null; ) {
      Event before = each.next;
      each.next = first;
      first = each;
      each = before;
    }
    return first;
  }

  boolean isEmpty() {
    return newest.get() == null;
  }
}
