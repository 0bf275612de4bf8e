package dev.forkyard.pool;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way from any thread to the loop, which takes all at once, each thread's in their
 * order.
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

  /** Whether the loop was told to look, and has not done so yet. */
  private final AtomicBoolean told = new AtomicBoolean();

  /** Whether what may wait does so. */
  private volatile boolean waiting;

  /**
   * Puts it there.
   *
   * @param mayWait whether it is enough to look for it when something else wakes the loop, in a
   *     time in which things wait
   * @return whether the loop is to be told to look
   */
  boolean post(Event event, boolean mayWait) {
    Event before;
    do {
      before = newest.get();
      event.next = before;
    } while (!newest.compareAndSet(before, event));
    // Only now: who ends the wait sees the event, or is seen here.
    return !(mayWait && waiting) && tell();
  }

  private boolean tell() {
    return !told.get() && !told.getAndSet(true);
  }

  /**
   * Begins or ends a time in which what may wait does so.
   *
   * @return whether the loop is to be told to look, for what is there at its end
   */
  boolean setWaiting(boolean waits) {
    waiting = waits;
    return !waits && !isEmpty() && tell();
  }

  /** The oldest, which leads to the others; null if there is none. */
  @Nullable Event takeAll() {
    told.set(false);
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
