package dev.forkyard.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FrameCodecTest {

  static Stream<Frame> frames() {
    Stream<Frame> kinds =
        Stream.of(
            new Frame.Hello(1, new byte[] {1, 2}, 7, 1234, "17.0.15", 1 << 20, -5),
            new Frame.Welcome(1, 128 << 20, 50_000),
            new Frame.Run(1, 2, "dev.Höndler", 1, 0, Frame.Encoding.BINARY, null),
            new Frame.Run(Long.MAX_VALUE >> 2, 2, null, 3, 99, Frame.Encoding.TEXT, new byte[0]),
            new Frame.Result(5, 17, null),
            new Frame.Failure(
                5, 17, Frame.FailureKind.OUTPUT, "java.lang.Error", null, "at x", true),
            new Frame.Failure(5, 0, Frame.FailureKind.THROWN, "E", "", "", false),
            new Frame.Cancel(300),
            new Frame.Recall(new long[] {1, 128, 70_000}),
            new Frame.Returned(new long[0]),
            new Frame.Dump(1, "stack\n"),
            new Frame.Drain(),
            new Frame.Message(0, "String", new byte[] {9}, 0),
            new Frame.Message(0, "String", new byte[] {9}, 7),
            new Frame.Taken(7),
            new Frame.Stop(300),
            new Frame.Open(300),
            new Frame.Credit(300, 128, 70_000),
            new Frame.Goodbye(""));
    Stream<Frame> sizes =
        IntStream.of(0, 1, 127, 128, 65_535, 65_536, 65_537, 1 << 20)
            .mapToObj(size -> new Frame.Result(1, 2, bytes(size)));
    return Stream.concat(kinds, sizes);
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("frames")
  void whatIsWrittenIsRead(Frame frame) throws Exception {
    ByteBuffer written = write(frame);
    assertThat(new FrameDecoder(1 << 21).read(written))
        .usingRecursiveComparison()
        // Otherwise each byte is boxed and compared by itself, which takes seconds for a mebibyte.
        .withEqualsForType(Arrays::equals, byte[].class)
        .isEqualTo(frame);
    assertThat(written.hasRemaining()).isFalse();
  }

  @Test
  void aFrameThatIsCutAnywhereIsWaitedFor() throws Exception {
    FrameDecoder decoder = new FrameDecoder(1 << 21);
    for (Frame frame : frames().toList()) {
      ByteBuffer whole = write(frame);
      int step = Math.max(1, whole.limit() / 500);
      for (int cut = 0; cut < whole.limit(); cut += step) {
        ByteBuffer part = whole.duplicate().limit(cut);
        assertThat(decoder.read(part)).isNull();
        assertThat(part.position()).isZero();
        assertThat(decoder.needed(part)).isIn(0, whole.limit());
      }
    }
  }

  @Test
  void aFrameLargerThanAllowedIsRefusedByItsLengthAlone() {
    ByteBuffer start = write(new Frame.Result(1, 1, bytes(1 << 20))).limit(5);
    assertThatThrownBy(() -> new FrameDecoder(1 << 10).read(start))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("at most 1024");
  }

  /** With its prefix it would take more than an int can say. */
  @Test
  void aFrameTooLargeForAnyBufferIsRefusedWhateverTheLimit() {
    ByteBuffer start = ByteBuffer.allocate(8);
    WireWriter.varint(start, Integer.MAX_VALUE);
    assertThatThrownBy(() -> new FrameDecoder(Integer.MAX_VALUE).needed(start.flip()))
        .isInstanceOf(ProtocolException.class);
  }

  @Test
  void malformedFramesAreRefusedAndNothingElseHappens() {
    for (int[] bytes :
        new int[][] {
          {0}, // no kind
          {2, 0x78, 0}, // an unknown kind
          {3, 0x22, 5, 0}, // a field longer than the frame
          {4, 0x4A, 0, 0x4A, 0}, // two kinds
          {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}, // an endless length
          {4, 0x52, 2, 0x0A, 9}, // a nested field that is cut
          {5, 0x52, 3, 0x0A, 1, 0xFF}, // no UTF-8
        }) {
      byte[] raw = new byte[bytes.length];
      for (int i = 0; i < raw.length; i++) {
        raw[i] = (byte) bytes[i];
      }
      assertThatThrownBy(() -> new FrameDecoder(1 << 20).read(ByteBuffer.wrap(raw)))
          .as(Arrays.toString(bytes))
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void aHundredThousandMutatedFramesAreReadOrRefused() {
    Random random = new Random(1);
    byte[][] originals =
        frames().map(f -> write(f).array()).filter(b -> b.length < 1000).toArray(byte[][]::new);
    FrameDecoder decoder = new FrameDecoder(1 << 20);
    int refused = 0;
    for (int i = 0; i < 100_000; i++) {
      byte[] bytes = originals[random.nextInt(originals.length)].clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        decoder.read(ByteBuffer.wrap(bytes));
      } catch (ProtocolException expected) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(10_000);
  }

  static ByteBuffer write(Frame frame) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.sizeOf(frame));
    FrameCodec.write(frame, out);
    assertThat(out.hasRemaining()).isFalse();
    return out.flip();
  }
}
