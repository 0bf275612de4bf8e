package dev.forkyard.protocol;

/**
 * How many messages of one job, one way, are on their way or wait to be taken. While it is full no
 * other may be sent, so that neither side ever holds more than this and one message more. It has no
 * lock.
 */
public final class MessageWindow {

  /** So many messages fill it. */
  public static final int MAX_MESSAGES = 256;

  /** Messages of so many bytes in all fill it; the last one may have more. */
  public static final long MAX_BYTES = 1 << 20;

  private int messages;
  private long bytes;

  /** Whether no other may be sent. */
  public boolean isFull() {
    return messages >= MAX_MESSAGES || bytes >= MAX_BYTES;
  }

  /** Whether it is so full that the sender is to be told what was taken. */
  public boolean isHalfFull() {
    return messages >= MAX_MESSAGES / 2 || bytes >= MAX_BYTES / 2;
  }

  /** One more. */
  public void add(Frame.Message message) {
    messages++;
    bytes += message.payload().length;
  }

  /**
   * So many less.
   *
   * @return false if there are not so many; then it is as it was
   */
  public boolean remove(Frame.Credit taken) {
    if (taken.messages() > messages || taken.bytes() < 0 || taken.bytes() > bytes) {
      return false;
    }
    messages -= taken.messages();
    bytes -= taken.bytes();
    return true;
  }

  @Override
  public String toString() {
    return messages + " messages of " + bytes + " bytes";
  }

  /** All that is in it, which it is no longer. */
  public Frame.Credit takeAll(long jobId) {
    Frame.Credit all = new Frame.Credit(jobId, messages, bytes);
    messages = 0;
    bytes = 0;
    return all;
  }
}
