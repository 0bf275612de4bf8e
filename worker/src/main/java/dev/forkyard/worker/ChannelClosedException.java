package dev.forkyard.worker;

import java.io.IOException;

/** The message channel between a parent and its child is closed, so a message can't be sent. */
public final class ChannelClosedException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Says which side's channel it is, and why it is closed. */
  public ChannelClosedException(String message) {
    super(message);
  }
}
