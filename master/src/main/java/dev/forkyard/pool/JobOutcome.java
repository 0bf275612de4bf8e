package dev.forkyard.pool;

import org.jspecify.annotations.Nullable;

/**
 * The end of one job, good or bad.
 *
 * @param input what was submitted
 * @param result the result; null for a null result, or where it failed
 * @param error why it failed, a {@link JobException} or a {@link
 *     java.util.concurrent.CancellationException}; null where it did not
 * @param report how it went
 */
public record JobOutcome<I extends @Nullable Object, O extends @Nullable Object>(
    I input, @Nullable O result, @Nullable Throwable error, JobReport report) {

  /** Whether the job has a result. */
  public boolean ok() {
    return error == null;
  }
}
