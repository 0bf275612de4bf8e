package dev.forkyard.pool;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Why a job has no result. Each kind carries what a person needs to act on it. */
public abstract sealed class JobException extends RuntimeException
    permits JobFailedException,
        WorkerLostException,
        JobTimeoutException,
        JobRejectedException,
        PoolBrokenException {

  private static final long serialVersionUID = 1L;

  private final long jobId;
  private final int attempt;
  private final long workerPid;
  private final Duration runTime;

  JobException(String message, @Nullable Throwable cause, JobReport report) {
    super(message, cause);
    this.jobId = report.jobId();
    this.attempt = report.attempt();
    this.workerPid = report.workerPid().orElse(0);
    this.runTime = report.runTime();
  }

  /** The job's id; 0 for one that was refused before it had any. */
  public long jobId() {
    return jobId;
  }

  /** In which attempt it ended, 1 for the first; 0 for a job that never started. */
  public int attempt() {
    return attempt;
  }

  /** The process id of the worker that ran the job last; empty for a job that never started. */
  public OptionalLong workerPid() {
    return workerPid > 0 ? OptionalLong.of(workerPid) : OptionalLong.empty();
  }

  /**
   * How long the last attempt ran, as {@link JobReport#runTime} says; zero where that is not known.
   */
  public Duration runTime() {
    return runTime;
  }
}
