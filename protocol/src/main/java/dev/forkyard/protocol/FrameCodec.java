package dev.forkyard.protocol;

import static dev.forkyard.protocol.WireWriter.bytes;
import static dev.forkyard.protocol.WireWriter.defaultableBytes;
import static dev.forkyard.protocol.WireWriter.header;
import static dev.forkyard.protocol.WireWriter.number;
import static dev.forkyard.protocol.WireWriter.sizeOfBytes;
import static dev.forkyard.protocol.WireWriter.sizeOfDefaultableBytes;
import static dev.forkyard.protocol.WireWriter.sizeOfNumber;
import static dev.forkyard.protocol.WireWriter.sizeOfVarint;
import static dev.forkyard.protocol.WireWriter.utf8;
import static dev.forkyard.protocol.WireWriter.varint;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames as {@code forkyard.proto} says: a length and a protobuf message. It is written by
 * hand, since the runtime library would cost each worker more time at its start than all the rest
 * of it.
 */
public final class FrameCodec {

  /** The version of the conversation; both sides must have the same. */
  public static final int VERSION = 1;

  /** How large a frame may be unless the pool says otherwise. */
  public static final int DEFAULT_MAX_FRAME_BYTES = 128 << 20;

  static final int HELLO = 1;
  static final int WELCOME = 2;
  static final int RUN = 3;
  static final int REPLY = 4;
  static final int CANCEL = 5;
  static final int RECALL = 6;
  static final int RETURNED = 7;
  static final int DUMP = 8;
  static final int DRAIN = 9;
  static final int GOODBYE = 10;
  static final int MESSAGE = 11;
  static final int TAKEN = 12;
  static final int STOP = 13;
  static final int OPEN = 14;
  static final int CREDIT = 15;

  /** The largest of them. */
  static final int LAST_KIND = CREDIT;

  private FrameCodec() {}

  /** The bytes that {@link #write} writes, the length prefix among them. */
  public static int sizeOf(Frame frame) {
    int message = sizeOfBytes(bodySize(frame));
    return sizeOfVarint(message) + message;
  }

  /**
   * Writes the frame at the buffer's position.
   *
   * @throws java.nio.BufferOverflowException if fewer than {@link #sizeOf} bytes remain
   */
  public static void write(Frame frame, ByteBuffer out) {
    write(frame, sizeOf(frame), out);
  }

  /**
   * As {@link #write(Frame, ByteBuffer)}, where the size is known.
   *
   * @param size what {@link #sizeOf} says of it
   * @throws java.nio.BufferOverflowException if fewer bytes remain
   */
  public static void write(Frame frame, int size, ByteBuffer out) {
    writeHead(frame, size, out);
    byte[] payload = payloadOf(frame);
    if (payload != null) {
      out.put(payload);
    }
  }

  /**
   * Writes all of the frame but its payload, with which it ends.
   *
   * @param size what {@link #sizeOf} says of it, payload and all
   * @throws java.nio.BufferOverflowException if fewer bytes, those of the payload not counted,
   *     remain
   */
  public static void writeHead(Frame frame, int size, ByteBuffer out) {
    int message = withoutLength(size);
    varint(out, message);
    header(out, kindOf(frame), withoutLength(message - 1));
    writeBody(frame, out);
  }

  /** How long something is that takes so many bytes with its length before it. */
  private static int withoutLength(int size) {
    int prefix = 1;
    while (sizeOfVarint(size - prefix) > prefix) {
      prefix++;
    }
    return size - prefix;
  }

  /** The bytes of the user's with which the frame ends, itself and no copy; null if it has none. */
  public static byte @Nullable [] payloadOf(Frame frame) {
    if (frame instanceof Frame.Run run) {
      return run.payload();
    } else if (frame instanceof Frame.Result result) {
      return result.value();
    } else if (frame instanceof Frame.Message message) {
      return message.payload();
    }
    return null;
  }

  /** In which field a kind of frame has it; 0 if it has none. */
  static int payloadField(int kind) {
    return switch (kind) {
      case RUN -> 8;
      case REPLY -> 3;
      case MESSAGE -> 4;
      default -> 0;
    };
  }

  private static int kindOf(Frame frame) {
    if (frame instanceof Frame.Run) {
      return RUN;
    } else if (frame instanceof Frame.Result || frame instanceof Frame.Failure) {
      return REPLY;
    } else if (frame instanceof Frame.Hello) {
      return HELLO;
    } else if (frame instanceof Frame.Welcome) {
      return WELCOME;
    } else if (frame instanceof Frame.Cancel) {
      return CANCEL;
    } else if (frame instanceof Frame.Recall) {
      return RECALL;
    } else if (frame instanceof Frame.Returned) {
      return RETURNED;
    } else if (frame instanceof Frame.Dump) {
      return DUMP;
    } else if (frame instanceof Frame.Drain) {
      return DRAIN;
    } else if (frame instanceof Frame.Goodbye) {
      return GOODBYE;
    } else if (frame instanceof Frame.Taken) {
      return TAKEN;
    } else if (frame instanceof Frame.Stop) {
      return STOP;
    } else if (frame instanceof Frame.Open) {
      return OPEN;
    } else if (frame instanceof Frame.Credit) {
      return CREDIT;
    }
    return MESSAGE;
  }

  private static int bodySize(Frame frame) {
    if (frame instanceof Frame.Run run) {
      return sizeOfNumber(run.jobId())
          + sizeOfNumber(run.handlerId())
          + (run.handlerName() == null ? 0 : sizeOfDefaultableBytes(utf8(run.handlerName()).length))
          + sizeOfNumber(run.attempt())
          + sizeOfNumber(run.deadlineNanosLeft())
          + sizeOfNumber(run.encoding().ordinal())
          + (run.headers().isEmpty() ? 0 : sizeOfTexts(run.headers()))
          + (run.payload() == null ? 0 : sizeOfBytes(run.payload().length));
    } else if (frame instanceof Frame.Result result) {
      return sizeOfNumber(result.jobId())
          + sizeOfNumber(result.runNanos())
          + (result.value() == null ? 0 : sizeOfBytes(result.value().length));
    } else if (frame instanceof Frame.Failure failure) {
      return sizeOfNumber(failure.jobId())
          + sizeOfNumber(failure.runNanos())
          + sizeOfBytes(failureSize(failure));
    } else if (frame instanceof Frame.Hello hello) {
      return sizeOfNumber(hello.version())
          + sizeOfDefaultableBytes(hello.token().length)
          + sizeOfNumber(hello.workerId())
          + sizeOfNumber(hello.pid())
          + sizeOfDefaultableBytes(utf8(hello.java()).length)
          + sizeOfNumber(hello.maxFrameBytes())
          + sizeOfNumber(hello.nanoTime());
    } else if (frame instanceof Frame.Welcome welcome) {
      return sizeOfNumber(welcome.version())
          + sizeOfNumber(welcome.maxFrameBytes())
          + sizeOfNumber(welcome.spinNanos());
    } else if (frame instanceof Frame.Cancel cancel) {
      return sizeOfNumber(cancel.jobId());
    } else if (frame instanceof Frame.Recall recall) {
      return sizeOfIds(recall.jobIds());
    } else if (frame instanceof Frame.Returned returned) {
      return sizeOfIds(returned.jobIds());
    } else if (frame instanceof Frame.Dump dump) {
      return sizeOfNumber(dump.jobId()) + sizeOfDefaultableBytes(utf8(dump.text()).length);
    } else if (frame instanceof Frame.Goodbye goodbye) {
      return sizeOfDefaultableBytes(utf8(goodbye.reason()).length);
    } else if (frame instanceof Frame.Message message) {
      return sizeOfNumber(message.jobId())
          + sizeOfDefaultableBytes(utf8(message.type()).length)
          + sizeOfDefaultableBytes(message.payload().length)
          + sizeOfNumber(message.sequence());
    } else if (frame instanceof Frame.Taken taken) {
      return sizeOfNumber(taken.sequence());
    } else if (frame instanceof Frame.Stop stop) {
      return sizeOfNumber(stop.jobId());
    } else if (frame instanceof Frame.Open open) {
      return sizeOfNumber(open.jobId());
    } else if (frame instanceof Frame.Credit credit) {
      return sizeOfNumber(credit.jobId())
          + sizeOfNumber(credit.messages())
          + sizeOfNumber(credit.bytes());
    }
    return 0;
  }

  private static int failureSize(Frame.Failure failure) {
    return sizeOfNumber(failure.kind().ordinal())
        + sizeOfDefaultableBytes(utf8(failure.className()).length)
        + (failure.message() == null ? 0 : sizeOfBytes(utf8(failure.message()).length))
        + sizeOfDefaultableBytes(utf8(failure.stack()).length)
        + sizeOfNumber(failure.fatal() ? 1 : 0);
  }

  private static int sizeOfTexts(List<String> texts) {
    int size = 0;
    for (String text : texts) {
      size += sizeOfBytes(utf8(text).length);
    }
    return size;
  }

  private static int sizeOfIds(long[] ids) {
    return ids.length == 0 ? 0 : sizeOfBytes(packedSize(ids));
  }

  private static int packedSize(long[] ids) {
    int size = 0;
    for (long id : ids) {
      size += sizeOfVarint(id);
    }
    return size;
  }

  /** All but the payload. */
  private static void writeBody(Frame frame, ByteBuffer out) {
    if (frame instanceof Frame.Run run) {
      number(out, 1, run.jobId());
      number(out, 2, run.handlerId());
      if (run.handlerName() != null) {
        defaultableBytes(out, 3, utf8(run.handlerName()));
      }
      number(out, 4, run.attempt());
      number(out, 5, run.deadlineNanosLeft());
      number(out, 6, run.encoding().ordinal());
      if (!run.headers().isEmpty()) {
        writeTexts(out, 7, run.headers());
      }
      if (run.payload() != null) {
        header(out, 8, run.payload().length);
      }
    } else if (frame instanceof Frame.Result result) {
      number(out, 1, result.jobId());
      number(out, 2, result.runNanos());
      if (result.value() != null) {
        header(out, 3, result.value().length);
      }
    } else if (frame instanceof Frame.Failure failure) {
      number(out, 1, failure.jobId());
      number(out, 2, failure.runNanos());
      header(out, 4, failureSize(failure));
      writeFailure(failure, out);
    } else if (frame instanceof Frame.Hello hello) {
      number(out, 1, hello.version());
      defaultableBytes(out, 2, hello.token());
      number(out, 3, hello.workerId());
      number(out, 4, hello.pid());
      defaultableBytes(out, 5, utf8(hello.java()));
      number(out, 6, hello.maxFrameBytes());
      number(out, 7, hello.nanoTime());
    } else if (frame instanceof Frame.Welcome welcome) {
      number(out, 1, welcome.version());
      number(out, 2, welcome.maxFrameBytes());
      number(out, 3, welcome.spinNanos());
    } else if (frame instanceof Frame.Cancel cancel) {
      number(out, 1, cancel.jobId());
    } else if (frame instanceof Frame.Recall recall) {
      writeIds(recall.jobIds(), out);
    } else if (frame instanceof Frame.Returned returned) {
      writeIds(returned.jobIds(), out);
    } else if (frame instanceof Frame.Dump dump) {
      number(out, 1, dump.jobId());
      defaultableBytes(out, 2, utf8(dump.text()));
    } else if (frame instanceof Frame.Goodbye goodbye) {
      defaultableBytes(out, 1, utf8(goodbye.reason()));
    } else if (frame instanceof Frame.Message message) {
      number(out, 1, message.jobId());
      defaultableBytes(out, 2, utf8(message.type()));
      number(out, 3, message.sequence());
      if (message.payload().length > 0) {
        header(out, 4, message.payload().length);
      }
    } else if (frame instanceof Frame.Taken taken) {
      number(out, 1, taken.sequence());
    } else if (frame instanceof Frame.Stop stop) {
      number(out, 1, stop.jobId());
    } else if (frame instanceof Frame.Open open) {
      number(out, 1, open.jobId());
    } else if (frame instanceof Frame.Credit credit) {
      number(out, 1, credit.jobId());
      number(out, 2, credit.messages());
      number(out, 3, credit.bytes());
    }
  }

  private static void writeFailure(Frame.Failure failure, ByteBuffer out) {
    number(out, 1, failure.kind().ordinal());
    defaultableBytes(out, 2, utf8(failure.className()));
    if (failure.message() != null) {
      bytes(out, 3, utf8(failure.message()));
    }
    defaultableBytes(out, 4, utf8(failure.stack()));
    number(out, 5, failure.fatal() ? 1 : 0);
  }

  private static void writeTexts(ByteBuffer out, int field, List<String> texts) {
    for (String text : texts) {
      bytes(out, field, utf8(text));
    }
  }

  private static void writeIds(long[] ids, ByteBuffer out) {
    if (ids.length > 0) {
      header(out, 1, packedSize(ids));
      for (long id : ids) {
        varint(out, id);
      }
    }
  }
}
