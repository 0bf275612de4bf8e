package dev.forkyard.protocol;

import dev.forkyard.protocol.Frame.Encoding;
import dev.forkyard.protocol.Frame.FailureKind;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads frames from a buffer that may hold any number of them, the last one cut anywhere. What it
 * reads is not trusted: it allocates no more than what is really there, and refuses all that is
 * malformed.
 */
public final class FrameDecoder {

  private static final int MAX_LENGTH_BYTES = 5;

  /** As deep as protobuf's own readers go: each level takes a frame of the stack. */
  private static final int MAX_NESTED_GROUPS = 100;

  private static final byte[] NOTHING = {};
  private static final Encoding[] ENCODINGS = Encoding.values();
  private static final FailureKind[] FAILURE_KINDS = FailureKind.values();
  private static final Frame.Failure NO_FAILURE =
      new Frame.Failure(0, 0, FailureKind.THROWN, "", null, "", false);

  private final int maxFrameBytes;

  /**
   * Refuses frames of more than this many bytes, the length prefix not counted; and those that with
   * their prefix are too large for any buffer.
   */
  public FrameDecoder(int maxFrameBytes) {
    this.maxFrameBytes = Math.min(maxFrameBytes, Integer.MAX_VALUE - MAX_LENGTH_BYTES);
  }

  /**
   * Reads the frame at the buffer's position and moves behind it.
   *
   * @return null if it is not there to its end; then the position stays
   * @throws ProtocolException if it is malformed; then the position is anywhere
   */
  public @Nullable Frame read(ByteBuffer in) throws ProtocolException {
    int start = in.position();
    int length = length(in);
    if (length < 0 || length > in.remaining()) {
      in.position(start);
      return null;
    }
    int limit = in.limit();
    in.limit(in.position() + length);
    Frame frame = frame(in);
    in.limit(limit);
    return frame;
  }

  /**
   * How many bytes the frame at the position takes in all, if that can be told already; otherwise
   * 0.
   *
   * @throws ProtocolException if it is larger than allowed
   */
  public int needed(ByteBuffer in) throws ProtocolException {
    int start = in.position();
    int length = length(in);
    int prefix = in.position() - start;
    in.position(start);
    return length < 0 ? 0 : prefix + length;
  }

  /** Reads the length prefix; -1 if it is not there to its end. */
  private int length(ByteBuffer in) throws ProtocolException {
    long length = 0;
    for (int i = 0; i < MAX_LENGTH_BYTES; i++) {
      if (!in.hasRemaining()) {
        return -1;
      }
      byte next = in.get();
      length |= (long) (next & 0x7F) << (7 * i);
      if (next >= 0) {
        if (length > maxFrameBytes) {
          throw new ProtocolException(
              "a frame of " + length + " bytes, where at most " + maxFrameBytes + " are allowed");
        }
        return (int) length;
      }
    }
    throw new ProtocolException("a frame's length of more than " + MAX_LENGTH_BYTES + " bytes");
  }

  private static Frame frame(ByteBuffer in) throws ProtocolException {
    Frame frame = null;
    while (in.hasRemaining()) {
      int tag = tag(in);
      int kind = tag >>> 3;
      if ((tag & 7) != WireWriter.BYTES || kind > FrameCodec.LAST_KIND || kind < 1) {
        throw new ProtocolException(
            "an unknown kind of frame, tag " + Integer.toUnsignedString(tag));
      }
      if (frame != null) {
        throw new ProtocolException("two kinds in one frame");
      }
      int end = enter(in);
      int limit = in.limit();
      in.limit(end);
      frame = body(kind, in);
      in.limit(limit);
    }
    if (frame == null) {
      throw new ProtocolException("a frame without a kind");
    }
    return frame;
  }

  private static Frame body(int kind, ByteBuffer in) throws ProtocolException {
    return switch (kind) {
      case FrameCodec.HELLO -> hello(in);
      case FrameCodec.WELCOME -> welcome(in);
      case FrameCodec.RUN -> run(in);
      case FrameCodec.REPLY -> reply(in);
      case FrameCodec.CANCEL -> new Frame.Cancel(onlyNumber(in));
      case FrameCodec.RECALL -> new Frame.Recall(ids(in));
      case FrameCodec.RETURNED -> new Frame.Returned(ids(in));
      case FrameCodec.DUMP -> dump(in);
      case FrameCodec.DRAIN -> drain(in);
      case FrameCodec.GOODBYE -> goodbye(in);
      case FrameCodec.TAKEN -> new Frame.Taken(onlyNumber(in));
      case FrameCodec.STOP -> new Frame.Stop(onlyNumber(in));
      case FrameCodec.OPEN -> new Frame.Open(onlyNumber(in));
      case FrameCodec.CREDIT -> credit(in);
      default -> message(in);
    };
  }

  private static Frame hello(ByteBuffer in) throws ProtocolException {
    int version = 0;
    byte[] token = NOTHING;
    long workerId = 0;
    long pid = 0;
    String java = "";
    int maxFrameBytes = 0;
    long nanoTime = 0;
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> version = int32(in);
        case 2 << 3 | WireWriter.BYTES -> token = bytes(in);
        case 3 << 3 -> workerId = varint(in);
        case 4 << 3 -> pid = varint(in);
        case 5 << 3 | WireWriter.BYTES -> java = text(in);
        case 6 << 3 -> maxFrameBytes = int32(in);
        case 7 << 3 -> nanoTime = varint(in);
        default -> skip(in, tag);
      }
    }
    return new Frame.Hello(version, token, workerId, pid, java, maxFrameBytes, nanoTime);
  }

  private static Frame welcome(ByteBuffer in) throws ProtocolException {
    int version = 0;
    int maxFrameBytes = 0;
    long spinNanos = 0;
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> version = int32(in);
        case 2 << 3 -> maxFrameBytes = int32(in);
        case 3 << 3 -> spinNanos = varint(in);
        default -> skip(in, tag);
      }
    }
    return new Frame.Welcome(version, maxFrameBytes, spinNanos);
  }

  private static Frame run(ByteBuffer in) throws ProtocolException {
    long jobId = 0;
    int handlerId = 0;
    String handlerName = null;
    int attempt = 0;
    long deadline = 0;
    Encoding encoding = Encoding.BINARY;
    List<String> headers = List.of();
    byte[] payload = null;
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> jobId = varint(in);
        case 2 << 3 -> handlerId = int32(in);
        case 3 << 3 | WireWriter.BYTES -> handlerName = text(in);
        case 4 << 3 -> attempt = int32(in);
        case 5 << 3 -> deadline = varint(in);
        case 6 << 3 -> encoding = pick(ENCODINGS, in, "encoding");
        case 7 << 3 | WireWriter.BYTES -> {
          headers = headers.isEmpty() ? new ArrayList<>() : headers;
          headers.add(text(in));
        }
        case 8 << 3 | WireWriter.BYTES -> payload = bytes(in);
        default -> skip(in, tag);
      }
    }
    return new Frame.Run(
        jobId,
        handlerId,
        handlerName == null || handlerName.isEmpty() ? null : handlerName,
        attempt,
        deadline,
        encoding,
        headers,
        payload);
  }

  private static Frame reply(ByteBuffer in) throws ProtocolException {
    long jobId = 0;
    long runNanos = 0;
    byte[] value = null;
    Frame.Failure failure = null;
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> jobId = varint(in);
        case 2 << 3 -> runNanos = varint(in);
        case 3 << 3 | WireWriter.BYTES -> value = bytes(in);
        case 4 << 3 | WireWriter.BYTES -> {
          int end = enter(in);
          int limit = in.limit();
          in.limit(end);
          failure = failure(in, failure == null ? NO_FAILURE : failure);
          in.limit(limit);
        }
        default -> skip(in, tag);
      }
    }
    if (failure == null) {
      return new Frame.Result(jobId, runNanos, value);
    }
    return new Frame.Failure(
        jobId,
        runNanos,
        failure.kind(),
        failure.className(),
        failure.message(),
        failure.stack(),
        failure.fatal());
  }

  /**
   * The nested message, without what the reply around it says. One that comes in several parts is
   * their sum, as everywhere in protobuf.
   */
  private static Frame.Failure failure(ByteBuffer in, Frame.Failure before)
      throws ProtocolException {
    FailureKind kind = before.kind();
    String className = before.className();
    String message = before.message();
    String stack = before.stack();
    boolean fatal = before.fatal();
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> kind = pick(FAILURE_KINDS, in, "kind of failure");
        case 2 << 3 | WireWriter.BYTES -> className = text(in);
        case 3 << 3 | WireWriter.BYTES -> message = text(in);
        case 4 << 3 | WireWriter.BYTES -> stack = text(in);
        case 5 << 3 -> fatal = varint(in) != 0;
        default -> skip(in, tag);
      }
    }
    return new Frame.Failure(0, 0, kind, className, message, stack, fatal);
  }

  private static Frame dump(ByteBuffer in) throws ProtocolException {
    long jobId = 0;
    String text = "";
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> jobId = varint(in);
        case 2 << 3 | WireWriter.BYTES -> text = text(in);
        default -> skip(in, tag);
      }
    }
    return new Frame.Dump(jobId, text);
  }

  private static Frame drain(ByteBuffer in) throws ProtocolException {
    while (in.hasRemaining()) {
      skip(in, tag(in));
    }
    return new Frame.Drain();
  }

  private static Frame goodbye(ByteBuffer in) throws ProtocolException {
    String reason = "";
    while (in.hasRemaining()) {
      int tag = tag(in);
      if (tag == (1 << 3 | WireWriter.BYTES)) {
        reason = text(in);
      } else {
        skip(in, tag);
      }
    }
    return new Frame.Goodbye(reason);
  }

  private static Frame message(ByteBuffer in) throws ProtocolException {
    long jobId = 0;
    String type = "";
    byte[] payload = NOTHING;
    long sequence = 0;
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> jobId = varint(in);
        case 2 << 3 | WireWriter.BYTES -> type = text(in);
        case 3 << 3 -> sequence = varint(in);
        case 4 << 3 | WireWriter.BYTES -> payload = bytes(in);
        default -> skip(in, tag);
      }
    }
    return new Frame.Message(jobId, type, payload, sequence);
  }

  private static Frame credit(ByteBuffer in) throws ProtocolException {
    long jobId = 0;
    int messages = 0;
    long bytes = 0;
    while (in.hasRemaining()) {
      int tag = tag(in);
      switch (tag) {
        case 1 << 3 -> jobId = varint(in);
        case 2 << 3 -> messages = int32(in);
        case 3 << 3 -> bytes = varint(in);
        default -> skip(in, tag);
      }
    }
    return new Frame.Credit(jobId, messages, bytes);
  }

  private static long onlyNumber(ByteBuffer in) throws ProtocolException {
    long value = 0;
    while (in.hasRemaining()) {
      int tag = tag(in);
      if (tag == 1 << 3) {
        value = varint(in);
      } else {
        skip(in, tag);
      }
    }
    return value;
  }

  private static long[] ids(ByteBuffer in) throws ProtocolException {
    long[] ids = new long[8];
    int count = 0;
    while (in.hasRemaining()) {
      int tag = tag(in);
      if (tag == (1 << 3 | WireWriter.BYTES)) {
        int end = enter(in);
        while (in.position() < end) {
          ids = count == ids.length ? Arrays.copyOf(ids, 2 * count) : ids;
          ids[count++] = varint(in);
        }
        if (in.position() != end) {
          throw new ProtocolException("a list of job ids that is cut");
        }
      } else if (tag == 1 << 3) {
        ids = count == ids.length ? Arrays.copyOf(ids, 2 * count) : ids;
        ids[count++] = varint(in);
      } else {
        skip(in, tag);
      }
    }
    return Arrays.copyOf(ids, count);
  }

  private static <E> E pick(E[] values, ByteBuffer in, String what) throws ProtocolException {
    int ordinal = int32(in);
    if (ordinal >= values.length) {
      throw new ProtocolException("an unknown " + what + ": " + ordinal);
    }
    return values[ordinal];
  }

  /** Almost all tags are one byte, and then there is nothing to check. */
  private static int tag(ByteBuffer in) throws ProtocolException {
    if (in.hasRemaining()) {
      int start = in.position();
      byte first = in.get();
      if (first >= 0) {
        return first;
      }
      in.position(start);
    }
    long tag = varint(in);
    if (tag >>> Integer.SIZE != 0) {
      throw new ProtocolException("a tag of more than 32 bits");
    }
    return (int) tag;
  }

  private static long varint(ByteBuffer in) throws ProtocolException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (!in.hasRemaining()) {
        throw new ProtocolException("a number that is cut");
      }
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new ProtocolException("a number of more than 10 bytes");
  }

  private static int int32(ByteBuffer in) throws ProtocolException {
    long value = varint(in);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new ProtocolException("a number out of range: " + value);
    }
    return (int) value;
  }

  /** Reads the length of what follows and answers with its end. */
  private static int enter(ByteBuffer in) throws ProtocolException {
    long length = varint(in);
    if (length < 0 || length > in.remaining()) {
      throw new ProtocolException(
          "a field of " + length + " bytes, where " + in.remaining() + " are left");
    }
    return in.position() + (int) length;
  }

  private static byte[] bytes(ByteBuffer in) throws ProtocolException {
    byte[] value = new byte[enter(in) - in.position()];
    in.get(value);
    return value;
  }

  private static String text(ByteBuffer in) throws ProtocolException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(in))).toString();
    } catch (CharacterCodingException e) {
      throw new ProtocolException("a text that is no UTF-8");
    }
  }

  private static void skip(ByteBuffer in, int tag) throws ProtocolException {
    skip(in, tag, MAX_NESTED_GROUPS);
  }

  private static void skip(ByteBuffer in, int tag, int groupsLeft) throws ProtocolException {
    if (tag >>> 3 == 0) {
      throw new ProtocolException("a field without a number");
    }
    switch (tag & 7) {
      case WireWriter.VARINT -> varint(in);
      case WireWriter.FIXED64 -> advance(in, Long.BYTES);
      case WireWriter.BYTES -> in.position(enter(in));
      case WireWriter.START_GROUP -> skipGroup(in, tag >>> 3, groupsLeft);
      case WireWriter.FIXED32 -> advance(in, Integer.BYTES);
      default ->
          throw new ProtocolException("an unknown wire type, tag " + Integer.toUnsignedString(tag));
    }
  }

  private static void skipGroup(ByteBuffer in, int field, int groupsLeft) throws ProtocolException {
    if (groupsLeft == 0) {
      throw new ProtocolException("more than " + MAX_NESTED_GROUPS + " groups in one another");
    }
    int end = field << 3 | WireWriter.END_GROUP;
    for (int tag = tag(in); tag != end; tag = tag(in)) {
      skip(in, tag, groupsLeft - 1);
    }
  }

  private static void advance(ByteBuffer in, int count) throws ProtocolException {
    if (count > in.remaining()) {
      throw new ProtocolException("a field that is cut");
    }
    in.position(in.position() + count);
  }
}
