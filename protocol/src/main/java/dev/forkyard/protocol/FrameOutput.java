package dev.forkyard.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;

/**
 * Frames on their way to a connection, in order. It is for one thread at a time.
 *
 * <p>A large payload goes over in pieces, from the array that it is in: the JDK copies each through
 * direct memory of its size, which it keeps, and there may be little of it.
 */
public final class FrameOutput {

  private static final int BUFFER_BYTES = 256 << 10;
  private static final int LARGE_BYTES = 16 << 10;

  /** Goes first; always ready to be put into. */
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

  /** What did not fit there, each ready to be put into. */
  private final ArrayDeque<ByteBuffer> behind = new ArrayDeque<>();

  private long addedBytes;
  private long writtenBytes;

  /** Puts a frame behind those that wait. Its payload may be used until it was written. */
  public void add(Frame frame) {
    int size = FrameCodec.sizeOf(frame);
    byte[] payload = FrameCodec.payloadOf(frame);
    if (payload != null && payload.length > LARGE_BYTES) {
      FrameCodec.writeHead(frame, size, roomFor(size - payload.length));
      behind.addLast(full(ByteBuffer.wrap(payload)));
    } else {
      FrameCodec.write(frame, size, roomFor(size));
    }
    addedBytes += size;
  }

  /** Nothing can be put behind what is in it. */
  private static ByteBuffer full(ByteBuffer buffer) {
    return buffer.position(buffer.limit());
  }

  private ByteBuffer roomFor(int size) {
    if (behind.isEmpty() && size <= buffer.remaining()) {
      return buffer;
    }
    ByteBuffer last = behind.peekLast();
    if (last == null || size > last.remaining()) {
      last = ByteBuffer.allocate(Math.max(size, BUFFER_BYTES));
      behind.addLast(last);
    }
    return last;
  }

  /**
   * Writes as much as the connection takes; all, if it blocks.
   *
   * @return whether nothing waits any more
   */
  public boolean write(WritableByteChannel channel) throws IOException {
    while (buffer.position() > 0 || refill()) {
      buffer.flip();
      try {
        writtenBytes += channel.write(buffer);
      } finally {
        buffer.compact();
      }
      if (buffer.position() > 0) {
        return false;
      }
    }
    return true;
  }

  private boolean refill() {
    ByteBuffer next = behind.peekFirst();
    if (next == null) {
      return false;
    }
    next.flip();
    int count = Math.min(next.remaining(), BUFFER_BYTES);
    buffer.put(next.slice(next.position(), count));
    next.position(next.position() + count);
    behind.removeFirst();
    if (next.hasRemaining()) {
      behind.addFirst(full(next.slice()));
    }
    return true;
  }

  /** Forgets what waits. */
  public void clear() {
    buffer.clear();
    behind.clear();
    writtenBytes = addedBytes;
  }

  /** How many bytes were ever added. */
  public long addedBytes() {
    return addedBytes;
  }

  /** How many of them the connection has taken. */
  public long writtenBytes() {
    return writtenBytes;
  }

  /** How many wait. */
  public long waitingBytes() {
    return addedBytes - writtenBytes;
  }
}
