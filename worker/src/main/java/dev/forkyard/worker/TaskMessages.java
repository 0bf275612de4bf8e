package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.MessageWindow;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one job and its master's side say to each other, until the job ends. Any thread of the job
 * may send and receive; what is on its way in either direction is bounded by a window.
 */
final class TaskMessages {

  private final long jobId;
  private final MessageWriter writer;
  private final int maxPayloadBytes;

  // Guarded by this.

  /** Sent and not yet taken, as far as the master told. */
  private final MessageWindow sent = new MessageWindow();

  private final ArrayDeque<Frame.Message> arrived = new ArrayDeque<>();

  /** Taken by the job, which the master was not told. */
  private final MessageWindow taken = new MessageWindow();

  private boolean over;

  TaskMessages(long jobId, MessageWriter writer, int maxPayloadBytes) {
    this.jobId = jobId;
    this.writer = writer;
    this.maxPayloadBytes = maxPayloadBytes;
  }

  // The job's.

  /** Waits while the window is full. */
  synchronized void send(Frame.Message message) throws InterruptedException {
    if (message.payload().length > maxPayloadBytes) {
      throw new IllegalArgumentException(
          "job "
              + jobId
              + " sends "
              + message.payload().length
              + " bytes at once, more than a frame holds ("
              + maxPayloadBytes
              + "); raise maxFrameBytes or send less at a time");
    }
    while (!over && sent.isFull()) {
      wait();
    }
    if (over) {
      throw new IllegalStateException("job " + jobId + " has ended, and can send nothing more");
    }
    sent.add(message);
    writer.add(message);
  }

  /** Waits for one of this type; null if none comes in that time. */
  synchronized Frame.@Nullable Message receive(String type, long nanos)
      throws InterruptedException {
    long deadline = System.nanoTime() + nanos;
    Frame.Message message = first(type);
    for (long left = nanos; message == null && !over && left > 0; ) {
      // A millisecond more than is left, since it counts in those.
      wait(TimeUnit.NANOSECONDS.toMillis(left) + 1);
      message = first(type);
      left = deadline - System.nanoTime();
    }
    if (message != null) {
      taken.add(message);
      if (taken.isHalfFull()) {
        writer.add(taken.takeAll(jobId));
      }
    }
    return message;
  }

  private Frame.@Nullable Message first(String type) {
    for (Iterator<Frame.Message> each = arrived.iterator(); each.hasNext(); ) {
      Frame.Message message = each.next();
      if (message.type().equals(type)) {
        each.remove();
        return message;
      }
    }
    return null;
  }

  // The job thread's.

  /** From here on nothing is sent, and nothing that comes reaches anybody. */
  synchronized void end() {
    over = true;
    arrived.clear();
    notifyAll();
  }

  /** After its end, before its reply: all that was sent is written. */
  void flush() {
    writer.flush();
  }

  // Whoever reads.

  synchronized void arrived(Frame.Message message) {
    if (!over) {
      arrived.addLast(message);
      notifyAll();
    }
  }

  synchronized void credited(Frame.Credit credit) {
    if (sent.remove(credit)) {
      notifyAll();
    }
  }

  synchronized boolean isOver() {
    return over;
  }
}
