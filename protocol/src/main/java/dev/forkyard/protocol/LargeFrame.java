package dev.forkyard.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A frame that is larger than a buffer and of which the payload has begun to arrive: it is read
 * straight into the array that it will have. Its length alone is trusted so far only; beyond that
 * the array grows as bytes arrive.
 */
final class LargeFrame {

  private static final int TRUSTED_BYTES = 4 << 20;

  /** The JDK makes direct memory of the size that it may read, and keeps it. */
  private static final int STEP_BYTES = 256 << 10;

  /**
   * No frame has so many before its payload. They are looked at again whenever more arrives, so
   * that thousands of them, byte by byte, would take the reader minutes.
   */
  private static final int MAX_FIELDS = 64;

  /** Without its payload. */
  private final Frame head;

  private final int length;
  private byte[] payload;
  private int count;

  private LargeFrame(Frame head, int length) {
    this.head = head;
    this.length = length;
    this.payload = new byte[Math.min(length, TRUSTED_BYTES)];
  }

  /**
   * Takes what has arrived of the frame at the buffer's position, if all before its payload has.
   *
   * @param size of the whole frame, more than there is
   * @return null if it has not, or the frame does not end with a payload, or has too many fields
   *     before it; then the position stays
   */
  static @Nullable LargeFrame begin(ByteBuffer in, int size, FrameDecoder decoder)
      throws ProtocolException {
    ByteBuffer rest = in.duplicate();
    long end = in.position() + (long) size;
    varint(rest);
    int kind = (int) (varint(rest) >>> 3);
    long bodyLength = varint(rest);
    int body = rest.position();
    if (FrameCodec.payloadField(kind) == 0 || body + bodyLength != end) {
      return null;
    }
    int payloadTag = FrameCodec.payloadField(kind) << 3 | WireWriter.BYTES;
    for (int fields = 0; fields < MAX_FIELDS; fields++) {
      int field = rest.position();
      long tag = varint(rest);
      long value = varint(rest);
      if (value < 0) {
        return null;
      } else if (tag == payloadTag && rest.position() + value == end) {
        Frame head = decoder.read(head(in.duplicate().position(body).limit(field), kind));
        in.position(rest.position());
        return head == null ? null : new LargeFrame(head, (int) value).take(in);
      } else if ((tag & 7) == WireWriter.BYTES && value < rest.remaining()) {
        rest.position(rest.position() + (int) value);
      } else if ((tag & 7) != WireWriter.VARINT) {
        return null;
      }
    }
    return null;
  }

  /** Reads a number, which is not negative; -1 if it is not there to its end, or is too large. */
  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE - 1 && in.hasRemaining(); shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    return -1;
  }

  /** The same frame with no byte in its payload. */
  private static ByteBuffer head(ByteBuffer fields, int kind) {
    int body = fields.remaining() + 2;
    ByteBuffer head = ByteBuffer.allocate(body + 16);
    WireWriter.varint(head, WireWriter.sizeOfBytes(body));
    WireWriter.header(head, kind, body);
    head.put(fields);
    WireWriter.header(head, FrameCodec.payloadField(kind), 0);
    return head.flip();
  }

  private LargeFrame take(ByteBuffer in) {
    int there = Math.min(in.remaining(), payload.length);
    in.get(payload, 0, there);
    count = there;
    return this;
  }

  /** Reads once, as {@link FrameInput#fill}. */
  int fill(ReadableByteChannel channel) throws IOException {
    if (count == payload.length) {
      payload = Arrays.copyOf(payload, (int) Math.min(length, 2L * count));
    }
    int step = Math.min(STEP_BYTES, payload.length - count);
    int arrived = channel.read(ByteBuffer.wrap(payload, count, step));
    if (arrived < 0) {
      throw new ProtocolException("the connection ended within a frame");
    }
    count += arrived;
    return arrived;
  }

  boolean isComplete() {
    return count == length;
  }

  Frame frame() {
    if (head instanceof Frame.Run run) {
      return new Frame.Run(
          run.jobId(),
          run.handlerId(),
          run.handlerName(),
          run.attempt(),
          run.deadlineNanosLeft(),
          run.encoding(),
          run.headers(),
          payload);
    } else if (head instanceof Frame.Result result) {
      return new Frame.Result(result.jobId(), result.runNanos(), payload);
    } else if (head instanceof Frame.Message message) {
      return new Frame.Message(message.jobId(), message.type(), payload, message.sequence());
    }
    return head;
  }
}
