package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.FrameOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What only one end shows; both together are tested with real processes. */
@Timeout(30)
class MessageChannelTest {

  private static final int LIMIT_BYTES = 1 << 20;

  @TempDir private Path directory;

  private final MessageChannel channel =
      new MessageChannel(
          new MessageChannel.End("parent", LIMIT_BYTES, Long.MAX_VALUE, true, LIMIT_BYTES),
          CompletableFuture::runAsync);

  private interface Talk {
    void between(SocketChannel child, SocketChannel parent) throws Exception;
  }

  private void connected(Talk talk) throws Exception {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      try (SocketChannel child = SocketChannel.open(address);
          SocketChannel parent = server.accept()) {
        talk.between(child, parent);
        channel.end();
      }
    }
  }

  /** Whoever halts its JVM then loses nothing. */
  @Test
  void whatAChildSendsIsWrittenAlsoBeforeItsReaderRuns() throws Exception {
    connected(
        (child, parent) -> {
          channel.open(child);
          assertThat(channel.send("word")).isCompleted();
          FrameInput input = new FrameInput(parent, LIMIT_BYTES);
          assertThat(input.fill()).isPositive();
          Frame.Message message = (Frame.Message) input.next();
          assertThat(new String(message.payload(), StandardCharsets.UTF_8)).isEqualTo("word");
        });
  }

  /** That may be the listener itself, behind which nobody writes what it has sent. */
  @Test
  void whatAListenerSendsIsWrittenBeforeItsJvmExits() throws Exception {
    connected(
        (child, parent) -> {
          FrameOutput output = new FrameOutput();
          output.add(MessageCodecs.encode("stop", 0));
          output.add(MessageCodecs.encode("behind", 0));
          assertThat(output.write(parent)).isTrue();
          parent.configureBlocking(false);
          FrameInput input = new FrameInput(parent, LIMIT_BYTES);
          List<String> replies = new ArrayList<>();
          channel.on(
              String.class,
              message -> {
                var unused = channel.send("reply to " + message);
                channel.exit();
                replies.add(text(input));
              });
          channel.run(child, new FrameInput(child, LIMIT_BYTES));
          assertThat(replies).containsExactly("reply to stop", "reply to behind");
        });
  }

  /** The message that has arrived. */
  private static String text(FrameInput input) {
    try {
      assertThat(input.fill()).isPositive();
      return new String(((Frame.Message) input.next()).payload(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
