package dev.forkyard.pool;

import dev.forkyard.pool.JobFailedException.Stage;
import dev.forkyard.pool.JobTimeoutException.Deadline;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Makes the errors that otherwise only a pool can make, for tests of what is shown of them. */
public final class PoolErrors {

  public static final long PID = 4711;

  private PoolErrors() {}

  public static JobFailedException failed(Stage stage, String errorClass, String message) {
    return new JobFailedException(stage, errorClass, message, "the stack", null, report(1));
  }

  public static WorkerLostException lost(
      int exitCode, @Nullable String signal, boolean outOfMemory, @Nullable String report) {
    return lost(exitCode, signal, outOfMemory, report, false, 1);
  }

  public static WorkerLostException lost(
      int exitCode,
      @Nullable String signal,
      boolean outOfMemory,
      @Nullable String report,
      boolean finished,
      int attempt) {
    WorkerDeath death =
        new WorkerDeath(exitCode, signal, outOfMemory, "the last words", report, "", false);
    return new WorkerLostException("lost", death, finished, report(attempt));
  }

  public static JobTimeoutException timeout(Deadline deadline, Duration timeout) {
    return new JobTimeoutException("late", deadline, timeout, "the threads", null, report(1));
  }

  public static JobRejectedException rejected(String message) {
    return new JobRejectedException(message);
  }

  public static PoolBrokenException broken(String message) {
    return new PoolBrokenException(message, report(0));
  }

  private static JobReport report(int attempt) {
    return new JobReport(
        1, attempt, OptionalLong.of(PID), Duration.ofMillis(1), Duration.ofMillis(2));
  }
}
