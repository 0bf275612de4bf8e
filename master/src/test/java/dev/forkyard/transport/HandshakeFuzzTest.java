package dev.forkyard.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Frame;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever bytes come over a new connection: none is heard before a greeting that was admitted, and
 * none after what is malformed, which closes the connection. A build tries the corpus; {@code
 * .ci/fuzz} looks for more.
 */
public class HandshakeFuzzTest {

  private static final byte[] TOKEN = {1, 2, 3};
  private static final int MAX_FRAME_BYTES = 1 << 20;

  /** One for all, so that a warning is one. */
  private static final Refusals REFUSALS = new Refusals();

  /** The first byte says how the others are cut. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    Heard heard = new Heard();
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new FrameChannel(null, REFUSALS, (hello, connection) -> heard.admit(hello)));
    int atOnce = 1 + (bytes[0] & 0xFF);
    for (int from = 1; from < bytes.length && channel.isOpen(); from += atOnce) {
      byte[] piece = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + atOnce));
      channel.writeInbound(Unpooled.wrappedBuffer(piece));
    }
    boolean refused = !channel.isOpen();
    channel.close();
    channel.checkException();
    assertThat(heard.greetings).isLessThanOrEqualTo(1);
    assertThat(heard.frames == 0 || heard.admitted).isTrue();
    assertThat(heard.ends).isEqualTo(heard.admitted ? 1 : 0);
    assertThat(heard.why != null).isEqualTo(refused && heard.admitted);
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void nobodyIsHeardWhoWasNotAdmitted(Path input) throws IOException {
    fuzzerTestOneInput(Files.readAllBytes(input));
  }

  static List<Path> corpus() throws IOException {
    try (Stream<Path> inputs = Files.list(Path.of("src/test/corpus/handshakes"))) {
      return inputs.sorted().toList();
    }
  }

  private static final class Heard implements ConnectionListener {

    private int greetings;
    private boolean admitted;
    private int frames;
    private int ends;
    private @Nullable Throwable why;

    @Nullable ConnectionListener admit(Frame.Hello hello) {
      greetings++;
      admitted = Arrays.equals(hello.token(), TOKEN);
      return admitted ? this : null;
    }

    @Override
    public int maxFrameBytes() {
      return MAX_FRAME_BYTES;
    }

    @Override
    public void onFrame(Frame frame) {
      assertThat(frame).isNotNull();
      frames++;
    }

    @Override
    public void onBatchEnd() {}

    @Override
    public void onEnd(@Nullable Throwable problem) {
      ends++;
      why = problem;
    }
  }
}
