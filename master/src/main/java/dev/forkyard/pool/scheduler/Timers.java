package dev.forkyard.pool.scheduler;

import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What is to happen when, on the scheduler's clock. A timer that is no longer wanted leaves at
 * once.
 */
final class Timers {

  /** One thing to do at one time. */
  static final class Timer implements Comparable<Timer> {

    private final long atNanos;
    private final long sequence;
    private final LongConsumer action;

    private Timer(long atNanos, long sequence, LongConsumer action) {
      this.atNanos = atNanos;
      this.sequence = sequence;
      this.action = action;
    }

    @Override
    public int compareTo(Timer other) {
      int byTime = Long.compare(atNanos - other.atNanos, 0);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(sequence);
    }
  }

  private final TreeSet<Timer> timers = new TreeSet<>();
  private long sequence;

  /** Calls the action with the time then, once, unless it is cancelled before. */
  Timer at(long nanos, LongConsumer action) {
    Timer timer = new Timer(nanos, ++sequence, action);
    timers.add(timer);
    return timer;
  }

  void cancel(@Nullable Timer timer) {
    if (timer != null) {
      timers.remove(timer);
    }
  }

  void fire(long now) {
    while (!timers.isEmpty() && timers.first().atNanos - now <= 0) {
      Timer due = timers.first();
      timers.remove(due);
      due.action.accept(now);
    }
  }

  /** How long from now until the next one is due; {@link Long#MAX_VALUE} if there is none. */
  long nanosUntilNext(long now) {
    return timers.isEmpty() ? Long.MAX_VALUE : Math.max(0, timers.first().atNanos - now);
  }
}
