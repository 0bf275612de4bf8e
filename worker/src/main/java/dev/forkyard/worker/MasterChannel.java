package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameDecoder;
import dev.forkyard.protocol.ProtocolException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * The worker's blocking connection to its master. One thread reads; any may write.
 *
 * <p>A large frame goes over in pieces: the JDK copies each through direct memory of its size,
 * which it keeps, and a job may have left little of it.
 */
final class MasterChannel {

  private static final int BUFFER_BYTES = 64 << 10;

  private final SocketChannel channel;
  private final Object writing = new Object();
  private final ByteBuffer output = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private FrameDecoder decoder = new FrameDecoder(BUFFER_BYTES);
  private ByteBuffer input = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
  private @Nullable Selector readable;
  private @Nullable Selector writable;

  private MasterChannel(SocketChannel channel) {
    this.channel = channel;
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

  /**
   * From now on an interrupt does no harm: a thread that is interrupted while it writes to a
   * blocking channel closes it.
   */
  void surviveInterrupts() throws IOException {
    channel.configureBlocking(false);
    readable = Selector.open();
    channel.register(readable, SelectionKey.OP_READ);
    writable = Selector.open();
    channel.register(writable, SelectionKey.OP_WRITE);
  }

  /** From now on frames may be as large as the master said. */
  void allow(int maxFrameBytes) {
    decoder = new FrameDecoder(maxFrameBytes);
  }

  /** The next frame; null at the end of the connection. */
  @Nullable Frame read() throws IOException {
    while (true) {
      Frame frame = decoder.read(input);
      if (frame != null) {
        return frame;
      }
      makeRoom(decoder.needed(input));
      int count = fill();
      input.flip();
      if (count < 0) {
        if (input.hasRemaining()) {
          throw new ProtocolException("the connection ended within a frame");
        }
        return null;
      }
    }
  }

  private int fill() throws IOException {
    int count = channel.read(input);
    while (count == 0) {
      select(readable);
      count = channel.read(input);
    }
    return count;
  }

  /** Waits; an interrupted thread would not, so its status is cleared. */
  private static void select(@Nullable Selector selector) throws IOException {
    if (selector != null) {
      Thread.interrupted();
      try {
        selector.select();
        selector.selectedKeys().clear();
      } catch (ClosedSelectorException e) {
        throw new ClosedChannelException();
      }
    }
  }

  /**
   * A frame that is larger than the buffer gets one of exactly its size, which goes when it was
   * read. It is filled in small steps, since for each the JDK makes a direct buffer of the room
   * that there is, and keeps it.
   */
  private void makeRoom(int needed) {
    if (needed > input.capacity()) {
      input = ByteBuffer.allocate(needed).put(input);
    } else if (input.capacity() > BUFFER_BYTES && needed <= BUFFER_BYTES) {
      input = ByteBuffer.allocateDirect(BUFFER_BYTES).put(input);
    } else if (input.position() > 0) {
      input.compact();
    } else {
      // All of it stays where it is; to compact it would copy it all, each time that more arrives.
      input.position(input.limit()).limit(input.capacity());
    }
    input.limit(Math.min(input.capacity(), input.position() + BUFFER_BYTES));
  }

  /** Makes the thread that reads see the end of the connection; writing goes on. */
  void stopReading() {
    try {
      channel.shutdownInput();
    } catch (IOException gone) {
      // Then it sees the end anyway.
    }
  }

  /** To be called by the thread that reads. */
  void close() {
    try {
      channel.close();
      if (readable != null) {
        readable.close();
      }
      if (writable != null) {
        writable.close();
      }
    } catch (IOException e) {
      // It goes with the process.
    }
  }

  void write(Frame frame) throws IOException {
    synchronized (writing) {
      int size = FrameCodec.sizeOf(frame);
      if (size <= BUFFER_BYTES) {
        FrameCodec.write(frame, output.clear());
        writeOutput();
      } else {
        ByteBuffer large = ByteBuffer.allocate(size);
        FrameCodec.write(frame, large);
        writeLarge(large.flip());
      }
    }
  }

  private void writeLarge(ByteBuffer large) throws IOException {
    while (large.hasRemaining()) {
      int count = Math.min(large.remaining(), BUFFER_BYTES);
      output.clear().put(large.slice(large.position(), count));
      large.position(large.position() + count);
      writeOutput();
    }
  }

  private void writeOutput() throws IOException {
    output.flip();
    boolean interrupted = false;
    try {
      while (output.hasRemaining()) {
        if (channel.write(output) == 0) {
          interrupted |= Thread.currentThread().isInterrupted();
          select(writable);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
