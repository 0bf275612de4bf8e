package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.FrameOutput;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** The worker's blocking connection to its master. One thread reads; any may write. */
final class MasterChannel {

  private static final int MAX_GREETING_BYTES = 64 << 10;

  private final SocketChannel channel;
  private final FrameInput input;
  private final FrameOutput output = new FrameOutput();

  private MasterChannel(SocketChannel channel) {
    this.channel = channel;
    this.input = new FrameInput(channel, MAX_GREETING_BYTES);
  }

  /** Connects to {@code unix:PATH} or {@code tcp:HOST:PORT}. */
  static MasterChannel connect(String address) throws IOException {
    if (address.startsWith("unix:")) {
      return new MasterChannel(
          SocketChannel.open(UnixDomainSocketAddress.of(address.substring("unix:".length()))));
    }
    int colon = address.lastIndexOf(':');
    String host = address.substring("tcp:".length(), colon);
    int port = Integer.parseInt(address.substring(colon + 1));
    SocketChannel channel = SocketChannel.open(new InetSocketAddress(host, port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return new MasterChannel(channel);
  }

  /** From now on frames may be as large as the master said. */
  void allow(int maxFrameBytes) {
    input.allow(maxFrameBytes);
  }

  /** The next frame; null at the end of the connection. */
  @Nullable Frame read() throws IOException {
    Frame frame = input.next();
    while (frame == null) {
      if (input.fill() < 0) {
        return null;
      }
      frame = input.next();
    }
    return frame;
  }

  /** Makes the thread that reads see the end of the connection; writing goes on. */
  void stopReading() {
    try {
      channel.shutdownInput();
    } catch (IOException gone) {
      // Then it sees the end anyway.
    }
  }

  void write(Frame frame) throws IOException {
    synchronized (output) {
      output.add(frame);
      output.write(channel);
    }
  }

  /** Leaves the connection to a message channel, until its end. */
  boolean serve(MessageChannel messages) {
    return messages.run(channel, input);
  }
}
