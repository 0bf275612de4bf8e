package dev.forkyard.benchmarks.soak;

import dev.forkyard.pool.JobFailedException;
import dev.forkyard.pool.JobRejectedException;
import dev.forkyard.pool.JobTimeoutException;
import dev.forkyard.pool.WorkerLostException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** How a job ended, by what its future says. */
enum Ending {
  SUCCEEDED,
  /** Its handler threw. */
  FAILED,
  /** Its worker died while it ran. */
  LOST,
  /** It had ended, but its worker died before the reply was read. */
  REPLY_LOST,
  /** It ran too long, or made no progress. */
  TIMED_OUT,
  /** It waited too long, and never ran. */
  EXPIRED,
  CANCELLED,
  /** It was not accepted, and never ran. */
  REJECTED,
  /** Anything else, such as a broken pool, or the result of another job: always a fault. */
  WRONG;

  static Ending of(@Nullable Throwable error) {
    if (error == null) {
      return SUCCEEDED;
    } else if (error instanceof JobFailedException failed) {
      return failed.stage() == JobFailedException.Stage.RUN ? FAILED : WRONG;
    } else if (error instanceof WorkerLostException lost) {
      return lost.finished() ? REPLY_LOST : LOST;
    } else if (error instanceof JobTimeoutException late) {
      return late.deadline() == JobTimeoutException.Deadline.QUEUE ? EXPIRED : TIMED_OUT;
    } else if (error instanceof CancellationException) {
      return CANCELLED;
    }
    return error instanceof JobRejectedException ? REJECTED : WRONG;
  }
}
