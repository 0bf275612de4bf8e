package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameInput;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What only one end shows; both together are tested with real processes. */
@Timeout(30)
class MessageChannelTest {

  private static final int LIMIT_BYTES = 1 << 20;

  @TempDir private Path directory;

  /** Whoever halts its JVM then loses nothing. */
  @Test
  void whatAChildSendsIsWrittenAlsoBeforeItsReaderRuns() throws Exception {
    MessageChannel.End end =
        new MessageChannel.End("parent", LIMIT_BYTES, Long.MAX_VALUE, true, LIMIT_BYTES);
    MessageChannel channel = new MessageChannel(end, CompletableFuture::runAsync);
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      try (SocketChannel child = SocketChannel.open(address);
          SocketChannel parent = server.accept()) {
        channel.open(child);
        assertThat(channel.send("word")).isCompleted();
        FrameInput input = new FrameInput(parent, LIMIT_BYTES);
        assertThat(input.fill()).isPositive();
        Frame.Message message = (Frame.Message) input.next();
        assertThat(new String(message.payload(), StandardCharsets.UTF_8)).isEqualTo("word");
        channel.end();
      }
    }
  }
}
