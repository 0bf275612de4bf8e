package dev.forkyard.pool.scheduler;

/**
 * The signs of life of one worker. Looks are counted, not time: where the master itself stood still
 * (with its whole container, say), the next look finds a worker that had no chance to beat, and the
 * one after that finds it alive.
 */
final class Vitals {

  private long beats = -1;
  private int missed;

  /** Looks again, and tells how often in a row nothing had changed since the look before. */
  int missed(long beatsNow) {
    missed = beatsNow == beats ? missed + 1 : 0;
    beats = beatsNow;
    return missed;
  }
}
