package dev.forkyard.protocol;

import java.io.IOException;

/**
 * The other side sent what {@code forkyard.proto} does not allow; its connection is to be closed.
 */
public final class ProtocolException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Says what was wrong. */
  public ProtocolException(String message) {
    super(message);
  }
}
