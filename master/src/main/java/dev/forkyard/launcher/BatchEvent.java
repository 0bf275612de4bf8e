package dev.forkyard.launcher;

import dev.forkyard.pool.JobReport;
import dev.forkyard.pool.TextResult;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What can happen to a batch; the thread that prints handles one after the other. */
sealed interface BatchEvent {

  /**
   * A job ended.
   *
   * @param number its place among the inputs, from 1 on
   * @param result null where it failed, and for a handler's null
   * @param error null where it did not fail
   * @param report null where it was never submitted
   */
  record JobEnd(
      long number,
      Input input,
      @Nullable TextResult result,
      @Nullable Throwable error,
      @Nullable JobReport report)
      implements BatchEvent {

    /** About how much memory it takes. */
    long bytes() {
      return input.bytes() + (result == null ? 0 : 2L * result.text().length()) + 128;
    }

    Optional<JobReport> howItWent() {
      return Optional.ofNullable(report);
    }
  }

  /** There are no more inputs, or they can't be read. */
  record InputEnd(@Nullable Throwable problem) implements BatchEvent {}

  /**
   * Someone wants it to end.
   *
   * @param exitCode what the program is to exit with
   * @param grace how long the jobs taken so far may go on
   */
  record Stop(int exitCode, Duration grace) implements BatchEvent {}
}
