package dev.forkyard.pool;

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

  JobException(String message, @Nullable Throwable cause, long jobId, int attempt, long workerPid) {
    super(message, cause);
    this.jobId = jobId;
    this.attempt = attempt;
    this.workerPid = workerPid;
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
}
