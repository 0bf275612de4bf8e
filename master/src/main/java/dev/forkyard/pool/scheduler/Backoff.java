package dev.forkyard.pool.scheduler;

import java.util.SplittableRandom;

/** Pauses that double and have an end, each a little different, so that not all come at once. */
final class Backoff {

  private static final int MAX_DOUBLINGS = 40;

  private final SplittableRandom random;

  Backoff(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Between half and all of {@code first} doubled so often, but of {@code max} at most. */
  long pauseNanos(long first, long max, int doublings) {
    int shift = Math.min(doublings, MAX_DOUBLINGS);
    long whole = first > max >> shift ? max : first << shift;
    return whole - random.nextLong(whole / 2 + 1);
  }
}
