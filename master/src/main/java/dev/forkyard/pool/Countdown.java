package dev.forkyard.pool;

/** A time that was given for something, and runs from now on. */
final class Countdown {

  private final long nanos;
  private final long startNanos = System.nanoTime();

  /** {@link Long#MAX_VALUE} is for ever. */
  Countdown(long nanos) {
    this.nanos = Math.max(0, nanos);
  }

  long leftNanos() {
    return nanos == Long.MAX_VALUE ? nanos : Math.max(0, nanos - (System.nanoTime() - startNanos));
  }
}
