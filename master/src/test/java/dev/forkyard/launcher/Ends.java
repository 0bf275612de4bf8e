package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import dev.forkyard.pool.JobReport;
import dev.forkyard.pool.TextResult;
import java.time.Duration;
import java.util.OptionalLong;

/** Ends of jobs, for tests. */
final class Ends {

  static final JobReport REPORT =
      new JobReport(7, 2, OptionalLong.of(4711), Duration.ofNanos(12_345_678), Duration.ofDays(1));

  private Ends() {}

  static JobEnd ok(long number, String input, String result) {
    return new JobEnd(number, Input.of(input), new TextResult(result, true), null, REPORT);
  }

  static JobEnd json(long number, String input, String result) {
    return new JobEnd(number, Input.of(input), new TextResult(result, false), null, REPORT);
  }

  static JobEnd failed(long number, String input, Throwable error) {
    return new JobEnd(number, Input.of(input), null, error, REPORT);
  }
}
