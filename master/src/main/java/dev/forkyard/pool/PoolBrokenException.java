package dev.forkyard.pool;

/**
 * The pool can't run jobs any more, since its workers do not start or an error of its own ended it;
 * the message says why.
 */
public final class PoolBrokenException extends JobException {

  private static final long serialVersionUID = 1L;

  PoolBrokenException(String message, JobReport report) {
    super(message, null, report);
  }
}
