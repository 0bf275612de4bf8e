package dev.forkyard.launcher;

import java.time.Duration;

/** Counts how the jobs of a batch ended; used by its thread alone. */
final class Tally {

  private long succeeded;
  private long failed;

  void count(boolean ok) {
    if (ok) {
      succeeded++;
    } else {
      failed++;
    }
  }

  long ended() {
    return succeeded + failed;
  }

  long succeeded() {
    return succeeded;
  }

  long failed() {
    return failed;
  }

  /**
   * The line at the end.
   *
   * @param taken how many inputs were taken
   * @param retried how often a job was run again
   */
  String summary(long taken, Duration elapsed, long workers, long retried) {
    StringBuilder line = new StringBuilder();
    line.append(count(taken, "job")).append(": ").append(succeeded).append(" ok");
    line.append(", ").append(failed).append(" failed");
    if (taken > ended()) {
      line.append(", ").append(taken - ended()).append(" not finished");
    }
    if (retried > 0) {
      line.append(", ").append(retried).append(" run again");
    }
    line.append("; %d.%02d s, ".formatted(elapsed.toSeconds(), elapsed.toMillisPart() / 10));
    return line.append(count(workers, "worker")).toString();
  }

  private static String count(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
