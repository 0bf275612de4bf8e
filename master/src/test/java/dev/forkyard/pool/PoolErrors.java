package dev.forkyard.pool;

import dev.forkyard.pool.JobFailedException.Stage;
import dev.forkyard.pool.JobTimeoutException.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes the errors that otherwise only a pool can make, for tests of what is shown of them. */
public final class PoolErrors {

  public static final long PID = 4711;

  private PoolErrors() {}

  public static JobFailedException failed(Stage stage, String errorClass, String message) {
    return new JobFailedException(stage, errorClass, message, "the stack", null, 1, 1, PID);
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
    WorkerDeath death = new WorkerDeath(exitCode, signal, outOfMemory, "the last words", report);
    return new WorkerLostException("lost", death, finished, 1, attempt, PID);
  }

  public static JobTimeoutException timeout(Deadline deadline, Duration timeout) {
    return new JobTimeoutException("late", deadline, timeout, "the threads", 1, 1, PID);
  }

  public static JobRejectedException rejected(String message) {
    return new JobRejectedException(message);
  }

  public static PoolBrokenException broken(String message) {
    return new PoolBrokenException(message, 1);
  }
}
