package dev.forkyard.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever bytes come from a peer are frames or a {@link ProtocolException}. A build tries the
 * corpus; {@code .ci/fuzz} looks for more.
 */
public class FrameFuzzTest {

  private static final int MAX_FRAME_BYTES = 1 << 20;

  /** The first byte says how the others are cut. */
  public static void fuzzerTestOneInput(byte[] bytes) throws IOException {
    if (bytes.length > 0) {
      ByteBuffer rest = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
      areTheSameWhenTheyAreWrittenAndReadAgain(rest.duplicate());
      areTheSameHoweverTheyArrive(rest, 1 + (bytes[0] & 0xFF));
    }
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void framesAreTheSameWhenReadAgainAndHoweverTheyArrive(Path input) throws IOException {
    fuzzerTestOneInput(Files.readAllBytes(input));
  }

  static List<Path> corpus() throws IOException {
    try (Stream<Path> inputs = Files.list(Path.of("src/test/corpus/frames"))) {
      return inputs.sorted().toList();
    }
  }

  private static void areTheSameWhenTheyAreWrittenAndReadAgain(ByteBuffer in)
      throws ProtocolException {
    for (Frame frame : frames(in).frames) {
      ByteBuffer written = written(frame);
      Frame again = new FrameDecoder(Integer.MAX_VALUE).read(written.duplicate());
      assertThat(written(again)).isEqualTo(written);
    }
  }

  private static void areTheSameHoweverTheyArrive(ByteBuffer in, int atOnce) throws IOException {
    Read whole = frames(in.duplicate());
    Read cut = framesInPieces(new Pieces(in, atOnce));
    assertThat(cut.frames.stream().map(FrameFuzzTest::written).toList())
        .isEqualTo(whole.frames.stream().map(FrameFuzzTest::written).toList());
    assertThat(cut.malformed).isEqualTo(whole.malformed || whole.partial);
  }

  private record Read(List<Frame> frames, boolean malformed, boolean partial) {}

  private static Read frames(ByteBuffer in) {
    FrameDecoder decoder = new FrameDecoder(MAX_FRAME_BYTES);
    List<Frame> frames = new ArrayList<>();
    try {
      while (in.hasRemaining()) {
        Frame frame = decoder.read(in);
        if (frame == null) {
          return new Read(frames, false, true);
        }
        frames.add(frame);
      }
    } catch (ProtocolException malformed) {
      return new Read(frames, true, false);
    }
    return new Read(frames, false, false);
  }

  private static Read framesInPieces(Pieces pieces) throws IOException {
    FrameInput input = new FrameInput(pieces, MAX_FRAME_BYTES);
    List<Frame> frames = new ArrayList<>();
    try {
      do {
        for (Frame frame = input.next(); frame != null; frame = input.next()) {
          frames.add(frame);
        }
      } while (input.fill() >= 0);
    } catch (ProtocolException malformed) {
      return new Read(frames, true, false);
    }
    return new Read(frames, false, false);
  }

  private static ByteBuffer written(@Nullable Frame frame) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.sizeOf(frame));
    FrameCodec.write(frame, out);
    assertThat(out.hasRemaining()).isFalse();
    return out.flip();
  }

  /** A connection that gives a few bytes at a time. */
  private static final class Pieces implements ReadableByteChannel {

    private final ByteBuffer bytes;
    private final int atOnce;

    Pieces(ByteBuffer bytes, int atOnce) {
      this.bytes = bytes;
      this.atOnce = atOnce;
    }

    @Override
    public int read(ByteBuffer into) {
      int count = Math.min(Math.min(atOnce, into.remaining()), bytes.remaining());
      if (count == 0) {
        return -1;
      }
      into.put(bytes.slice().limit(count));
      bytes.position(bytes.position() + count);
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
