package dev.forkyard.pool;

/**
 * A {@link ProcessPool#reload()} did not come to its end, and the pool goes on with the workers'
 * settings that it had before, unless it was closed; the message says why.
 */
public final class ReloadFailedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ReloadFailedException(String message) {
    super(message);
  }
}
