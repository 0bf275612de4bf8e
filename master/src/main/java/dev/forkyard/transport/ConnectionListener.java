package dev.forkyard.transport;

import dev.forkyard.protocol.Frame;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Hears what comes over one connection. All calls are on the event loop. */
public interface ConnectionListener {

  /** How large a frame it takes, in bytes; a larger one ends the connection. */
  int maxFrameBytes();

  /** A frame has arrived. */
  void onFrame(Frame frame);

  /**
   * Part of a frame that is not complete has arrived, or part of a large one was taken by the
   * system; so the other side is at work, though no frame may come for long.
   */
  default void onPart() {}

  /** All frames that had arrived so far were told. */
  void onBatchEnd();

  /**
   * The connection was read to its end.
   *
   * @param receivedBytes in all
   * @return what the other side had still to say, to be told as if it had arrived
   */
  default ByteBuffer lastWords(long receivedBytes) {
    return ByteBuffer.allocate(0);
  }

  /**
   * The connection was read to its end; called once, and last.
   *
   * @param why what was wrong, null for an orderly end
   */
  void onEnd(@Nullable Throwable why);
}
