package dev.forkyard.pool;

/**
 * The pool did not take the job: its queue is full, it is closed, or the input is larger than a
 * frame.
 */
public final class JobRejectedException extends JobException {

  private static final long serialVersionUID = 1L;

  JobRejectedException(String message) {
    super(message, null, JobReport.NONE);
  }
}
