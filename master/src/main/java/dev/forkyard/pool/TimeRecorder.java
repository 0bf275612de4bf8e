package dev.forkyard.pool;

import org.HdrHistogram.Histogram;

/** Records how long jobs took. Used on the loop alone. */
final class TimeRecorder {

  private static final int DIGITS = 2;

  private final Histogram waiting = new Histogram(DIGITS);
  private final Histogram running = new Histogram(DIGITS);
  private final Histogram total = new Histogram(DIGITS);

  void record(long totalNanos, long ranNanos) {
    long whole = Math.max(0, totalNanos);
    long part = Math.max(0, Math.min(ranNanos, whole));
    waiting.recordValue(whole - part);
    running.recordValue(part);
    total.recordValue(whole);
  }

  JobTimes copy() {
    return new JobTimes(waiting.copy(), running.copy(), total.copy());
  }
}
