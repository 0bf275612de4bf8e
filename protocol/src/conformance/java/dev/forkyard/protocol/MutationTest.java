package dev.forkyard.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import com.sun.management.ThreadMXBean;
import dev.forkyard.protocol.proto.ForkyardProto;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Frames that were damaged: the decoder refuses all that protobuf refuses, reads the rest as
 * protobuf does, and never takes memory for what is only claimed to be there.
 */
class MutationTest {

  private static final int SEEDS = 100_000;

  /** Beside the bytes of the frame itself: what an exception and its stack trace take. */
  private static final long MEMORY_BYTES = 32 << 10;

  /** A job id of 1 byte becomes one of 8, in an array that doubles. */
  private static final long MEMORY_PER_BYTE = 48;

  /**
   * What protobuf accepts and the specification does not. The last two are malformed by protobuf's
   * own rules too, but its reader for Java cuts a tag to 32 bits, and where 10 bytes are left it
   * takes the tenth for the end of a number, whatever that says.
   */
  private static final Pattern FORBIDDEN =
      Pattern.compile(
          "an unknown kind of frame.*|two kinds in one frame|a frame without a kind"
              + "|an unknown (encoding|kind of failure): .*|a number out of range: .*|a tag of more than 32 bits|a number of more than 10 bytes");

  private static final Parser<ForkyardProto.Frame> PARSER =
      DiscardUnknownFieldsParser.wrap(ForkyardProto.Frame.parser());

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final FrameDecoder decoder = new FrameDecoder(Integer.MAX_VALUE);

  @Test
  void aDamagedFrameIsReadAsProtobufReadsItOrRefused() {
    int read = 0;
    int refusedByBoth = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      byte[] body = damaged(new RandomFrames(seed), new Random(seed));
      ForkyardProto.@Nullable Frame expected = parse(body);
      try {
        Frame frame = readWithinBounds(body, "seed " + seed);
        assertThat(expected).as("seed %d", seed).isNotNull();
        assertThat(Counterpart.of(frame)).as("seed %d", seed).isEqualTo(expected);
        read++;
      } catch (ProtocolException e) {
        if (expected == null) {
          refusedByBoth++;
        } else {
          assertThat(e).as("seed %d", seed).hasMessageMatching(FORBIDDEN);
        }
      }
    }
    assertThat(read).isGreaterThan(SEEDS / 5);
    assertThat(refusedByBoth).isGreaterThan(SEEDS / 5);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {100, Integer.MAX_VALUE, 1L << 31, 1L << 32, (1L << 32) + 1, Long.MIN_VALUE, -1})
  void aLengthThatIsOnlyClaimedTakesNoMemory(long claimed) {
    for (int kind = FrameCodec.HELLO; kind <= FrameCodec.MESSAGE; kind++) {
      for (int field = 1; field <= 8; field++) {
        ByteBuffer body = ByteBuffer.allocate(20);
        body.put((byte) (field << 3 | WireWriter.BYTES));
        WireWriter.varint(body, claimed);
        ByteBuffer frame = ByteBuffer.allocate(30);
        WireWriter.bytes(frame, kind, Arrays.copyOf(body.array(), body.position()));
        byte[] bytes = Arrays.copyOf(frame.array(), frame.position());

        String which = "field " + field + " of kind " + kind;
        assertThatThrownBy(() -> readWithinBounds(bytes, which))
            .as(which)
            .isInstanceOf(ProtocolException.class);
      }
    }
  }

  /**
   * All texts of four of the bytes at which UTF-8's rules change: overlong, surrogate, too large.
   */
  @Test
  void aTextIsReadIfProtobufReadsIt() throws ProtocolException {
    byte[] bounds = HexFormat.of().parseHex("417f80" + "8f909fa0bf" + "c1c2dfe0edeff0f4f5");
    for (int i = 0; i < 17 * 17 * 17 * 17; i++) {
      byte[] text = {
        bounds[i % 17], bounds[i / 17 % 17], bounds[i / 289 % 17], bounds[i / 4913 % 17]
      };
      ByteBuffer body = ByteBuffer.allocate(8);
      WireWriter.header(body, FrameCodec.GOODBYE, 6);
      WireWriter.bytes(body, 1, text);
      ForkyardProto.@Nullable Frame expected = parse(body.array());
      ByteBuffer frame = ByteBuffer.allocate(9).put((byte) 8).put(body.flip()).flip();
      if (expected != null) {
        assertThat(decoder.read(frame))
            .isEqualTo(new Frame.Goodbye(expected.getGoodbye().getReason()));
      } else {
        assertThatThrownBy(() -> decoder.read(frame))
            .as(HexFormat.of().formatHex(text))
            .isInstanceOf(ProtocolException.class);
      }
    }
  }

  /** Half of them within a kind whose length is right, or else almost nothing would be read. */
  private static byte[] damaged(RandomFrames frames, Random random) {
    ForkyardProto.Frame message = Counterpart.of(frames.next());
    if (random.nextBoolean()) {
      return damaged(message.toByteArray(), random);
    }
    int kind = message.getKindCase().getNumber();
    return ConformanceTest.nested(kind, damaged(ConformanceTest.kindOf(message), random));
  }

  /** Up to three times: a byte changed, gone or added, a piece doubled, or the end cut off. */
  private static byte[] damaged(byte[] original, Random random) {
    byte[] body = original;
    for (int n = random.nextInt(3); n >= 0 && body.length > 0; n--) {
      int at = random.nextInt(body.length);
      int end = at + random.nextInt(Math.min(body.length - at, 20) + 1);
      body =
          switch (random.nextInt(6)) {
            case 0 -> spliced(body, at, at + 1, (byte) random.nextInt());
            case 1 -> spliced(body, at, at + 1, (byte) (body[at] ^ 1 << random.nextInt(8)));
            case 2 -> spliced(body, at, end);
            case 3 -> spliced(body, at, at, (byte) random.nextInt());
            case 4 -> spliced(body, at, at, Arrays.copyOfRange(body, at, end));
            default -> Arrays.copyOf(body, at);
          };
    }
    return body;
  }

  private static byte[] spliced(byte[] body, int start, int end, byte... instead) {
    return ByteBuffer.allocate(body.length - (end - start) + instead.length)
        .put(body, 0, start)
        .put(instead)
        .put(body, end, body.length - end)
        .array();
  }

  private static ForkyardProto.@Nullable Frame parse(byte[] body) {
    try {
      return ConformanceTest.asRead(PARSER.parseFrom(body));
    } catch (InvalidProtocolBufferException refused) {
      return null;
    }
  }

  private Frame readWithinBounds(byte[] body, String which) throws ProtocolException {
    ByteBuffer in = ByteBuffer.allocate(5 + body.length);
    WireWriter.varint(in, body.length);
    in.put(body).flip();
    long bound = MEMORY_BYTES + MEMORY_PER_BYTE * body.length;
    // The first time round an exception's message may load classes, which is no doing of the frame.
    if (memoryToRead(in) > bound) {
      assertThat(memoryToRead(in)).as(which).isLessThan(bound);
    }
    return Objects.requireNonNull(decoder.read(in), which);
  }

  private long memoryToRead(ByteBuffer in) {
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      decoder.read(in.duplicate());
    } catch (ProtocolException refused) {
      // It takes memory too.
    }
    return threads.getCurrentThreadAllocatedBytes() - before;
  }
}
