package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The jobs in this worker's hands that may send messages and be sent some; what comes for any other
 * is dropped. Used by whoever reads.
 */
final class OpenTasks {

  private final MessageWriter writer;
  private final int maxPayloadBytes;
  private final Map<Long, TaskMessages> open = new HashMap<>();

  OpenTasks(MessageWriter writer, int maxPayloadBytes) {
    this.writer = writer;
    this.maxPayloadBytes = maxPayloadBytes;
  }

  /** Whether there are none, and nothing to look for. */
  boolean isEmpty() {
    return open.isEmpty();
  }

  /** Those of the job that is about to be accepted; null if it was not opened. */
  @Nullable TaskMessages of(long jobId) {
    open.values().removeIf(TaskMessages::isOver);
    return open.get(jobId);
  }

  /** The job was given back. */
  void forget(long jobId) {
    TaskMessages messages = open.remove(jobId);
    if (messages != null) {
      messages.end();
    }
  }

  void hear(Frame frame) {
    if (frame instanceof Frame.Open opened) {
      long jobId = opened.jobId();
      open.put(jobId, new TaskMessages(jobId, writer, maxPayloadBytes));
    } else if (frame instanceof Frame.Message message) {
      TaskMessages messages = open.get(message.jobId());
      if (messages != null) {
        messages.arrived(message);
      }
    } else if (frame instanceof Frame.Credit credit) {
      TaskMessages messages = open.get(credit.jobId());
      if (messages != null) {
        messages.credited(credit);
      }
    }
  }
}
