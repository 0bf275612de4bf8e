package dev.forkyard.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived on a connection and was not read yet. It is for one thread.
 *
 * <p>A frame that is larger than the buffer and has no large payload gets a buffer of its size,
 * which goes when the frame was read. The length alone is trusted so far only; beyond that the
 * buffer grows as bytes arrive. It is filled in small steps, since for each the JDK makes a direct
 * buffer of the room that there is, and keeps it.
 */
public final class FrameInput {

  private static final int BUFFER_BYTES = 64 << 10;
  private static final int TRUSTED_BYTES = 4 << 20;

  private final ReadableByteChannel channel;
  private FrameDecoder decoder;
  private ByteBuffer input = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);

  /** What is being read; then nothing is in the buffer. */
  private @Nullable LargeFrame large;

  /** Reads from this connection frames of at most so many bytes. */
  public FrameInput(ReadableByteChannel channel, int maxFrameBytes) {
    this.channel = channel;
    this.decoder = new FrameDecoder(maxFrameBytes);
  }

  /** From now on frames may be so large. */
  public void allow(int maxFrameBytes) {
    decoder = new FrameDecoder(maxFrameBytes);
  }

  /**
   * The next frame of what has arrived; null if none is there to its end.
   *
   * @throws ProtocolException if it is malformed, or too large
   */
  public @Nullable Frame next() throws ProtocolException {
    LargeFrame begun = large;
    if (begun != null) {
      large = begun.isComplete() ? null : begun;
      return begun.isComplete() ? begun.frame() : null;
    }
    return input.hasRemaining() ? decoder.read(input) : null;
  }

  /** Whether there is another one, or what is no frame. */
  public boolean hasNext() {
    if (large != null) {
      return large.isComplete();
    }
    try {
      int needed = decoder.needed(input);
      return needed > 0 && needed <= input.remaining();
    } catch (ProtocolException malformed) {
      return true;
    }
  }

  /** Whether part of a frame is here, when {@link #next} has nothing more. */
  public boolean isPartial() {
    return large != null || input.hasRemaining();
  }

  /**
   * Reads once from the connection, when {@link #next} has nothing more.
   *
   * @return how many bytes, 0 only if it does not block; -1 at its end
   * @throws ProtocolException if it ends within a frame, or the frame is too large
   */
  public int fill() throws IOException {
    int needed = decoder.needed(input);
    if (large == null && needed > BUFFER_BYTES) {
      large = LargeFrame.begin(input, needed, decoder);
    }
    if (large != null) {
      return large.fill(channel);
    }
    makeRoom(needed);
    int count;
    try {
      count = channel.read(input);
    } finally {
      input.flip();
    }
    if (count < 0 && input.hasRemaining()) {
      throw new ProtocolException("the connection ended within a frame");
    }
    return count;
  }

  private void makeRoom(int needed) {
    if (needed > input.capacity() && input.capacity() < TRUSTED_BYTES) {
      input = ByteBuffer.allocate(Math.min(needed, TRUSTED_BYTES)).put(input);
    } else if (needed > input.capacity() && input.remaining() == input.capacity()) {
      input = ByteBuffer.allocate((int) Math.min(needed, 2L * input.capacity())).put(input);
    } else if (input.capacity() > BUFFER_BYTES && needed <= BUFFER_BYTES) {
      input = ByteBuffer.allocateDirect(BUFFER_BYTES).put(input);
    } else if (input.position() > 0) {
      input.compact();
    } else {
      // All of it stays where it is; to compact it would copy it all, each time that more arrives.
      input.position(input.limit()).limit(input.capacity());
    }
    input.limit(Math.min(input.capacity(), input.position() + BUFFER_BYTES));
  }
}
