package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.FrameOutput;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The worker's blocking connection to its master. One thread reads; any may write.
 *
 * <p>Replies may wait for those behind them, so that all are one write. They do so where the master
 * finds them if this process ends, and until somebody calls {@link #flushWaiting} or {@link
 * #flushDue}.
 */
final class MasterChannel {

  private static final int MAX_GREETING_BYTES = 64 << 10;

  /** Of a Unix-domain socket, so that large frames take fewer turns; a system may give less. */
  private static final int SEND_BUFFER_BYTES = 1 << 20;

  private static final int MAX_COLLECTED_BYTES = 16 << 10;

  /** A reply waits for those of this time at least. */
  private static final long MIN_WAIT_NANOS = 500_000;

  private static final long MAX_WAIT_NANOS = 4_000_000;

  /** So many times as long as the job took may its reply wait. */
  private static final int WAIT_FACTOR = 4;

  /** The reply of a job that took longer is sent at once: what that costs is nothing beside it. */
  private static final long LONG_NANOS = 2_000_000;

  private static final String PROVIDER = "java.nio.channels.spi.SelectorProvider";
  private static final String LINUX_PROVIDER = "sun.nio.ch.EPollSelectorProvider";

  private final SocketChannel channel;
  private final FrameInput input;
  private final FrameOutput output = new FrameOutput();
  private @Nullable Scoreboard scoreboard;
  private ByteBuffer replies = ByteBuffer.allocate(0);
  private long repliesWritten;

  /** When what waits is to be sent; guarded as the rest is. */
  private long dueNanos;

  private volatile boolean waiting;
  private long spinNanos;

  private MasterChannel(SocketChannel channel) {
    this.channel = channel;
    this.input = new FrameInput(channel, MAX_GREETING_BYTES);
  }

  /** Connects to {@code unix:PATH} or {@code tcp:HOST:PORT}. */
  static MasterChannel connect(String address) throws IOException {
    if (address.startsWith("unix:")) {
      SocketChannel local =
          SocketChannel.open(UnixDomainSocketAddress.of(address.substring("unix:".length())));
      local.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER_BYTES);
      return new MasterChannel(local);
    }
    int colon = address.lastIndexOf(':');
    String host = address.substring("tcp:".length(), colon);
    int port = Integer.parseInt(address.substring(colon + 1));
    SocketChannel channel = SocketChannel.open(new InetSocketAddress(host, port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return new MasterChannel(channel);
  }

  /**
   * To be called first, where this process is the worker's own: unless the JDK's own is named, it
   * looks into every jar for another one at each start.
   */
  static void nameProvider() {
    try {
      if (System.getProperty(PROVIDER) == null) {
        Class.forName(LINUX_PROVIDER);
        System.setProperty(PROVIDER, LINUX_PROVIDER);
      }
    } catch (ClassNotFoundException otherSystem) {
      // Then it finds it by itself.
    }
  }

  /** From now on frames may be as large as the master said. */
  void allow(int maxFrameBytes) {
    input.allow(maxFrameBytes);
  }

  /** From now on who reads looks for so long before sleeping. */
  void spin(long nanos) {
    spinNanos = nanos;
  }

  /** The next frame of what has arrived; null if it is not there to its end. */
  @Nullable Frame readArrived() throws IOException {
    return input.next();
  }

  /** The next frame; null at the end of the connection. */
  @Nullable Frame read() throws IOException {
    Frame frame = input.next();
    while (frame == null) {
      if ((spinNanos > 0 ? fillSpinning() : input.fill()) < 0) {
        return null;
      }
      frame = input.next();
    }
    return frame;
  }

  /**
   * Takes some of what has arrived, if anything has.
   *
   * @return whether the connection has not ended
   */
  boolean look() throws IOException {
    boolean blocking = channel.isBlocking();
    if (blocking) {
      channel.configureBlocking(false);
    }
    try {
      return input.fill() >= 0;
    } finally {
      if (blocking) {
        channel.configureBlocking(true);
      }
    }
  }

  /** While nobody looks the channel blocks, so that its thread sleeps. */
  private int fillSpinning() throws IOException {
    if (channel.isBlocking()) {
      channel.configureBlocking(false);
    }
    int count = input.fill();
    for (long start = System.nanoTime(); count == 0; count = input.fill()) {
      if (System.nanoTime() - start > spinNanos) {
        channel.configureBlocking(true);
        return input.fill();
      }
      letOthersRun();
    }
    return count;
  }

  /** Where there are fewer cores than threads that spin, one of those may be who is waited for. */
  @SuppressWarnings("ThreadPriorityCheck") // it is faster for it, and right without it
  private static void letOthersRun() {
    Thread.yield();
  }

  /** Makes the thread that reads see the end of the connection; writing goes on. */
  void stopReading() {
    try {
      channel.shutdownInput();
    } catch (IOException gone) {
      // Then it sees the end anyway.
    }
  }

  /** Whoever reads or writes sees that it has ended. */
  void close() {
    try {
      channel.close();
    } catch (IOException gone) {
      // Then it is what it should be.
    }
  }

  /** Replies wait there from now on, when they wait. */
  void collectReplies(Scoreboard where) {
    scoreboard = where;
    replies = where.replies();
    where.repliesSent(output.writtenBytes());
  }

  /** Writes a frame, and before it what waits. */
  void write(Frame frame) throws IOException {
    synchronized (output) {
      flush();
      output.add(frame);
      writeAdded();
    }
  }

  /** Writes frames together, and before them what waits. */
  void write(List<Frame> frames) throws IOException {
    synchronized (output) {
      flush();
      frames.forEach(output::add);
      writeAdded();
    }
  }

  private void writeAdded() throws IOException {
    while (!output.write(channel)) {
      // Only while somebody spins or looks, and the master does not read.
      letOthersRun();
    }
    if (scoreboard != null) {
      scoreboard.repliesSent(repliesWritten + output.writtenBytes());
    }
  }

  /**
   * Writes a reply with those that follow, if more do soon.
   *
   * @param more whether others are about to follow
   * @param now when the job ended, not long ago
   * @param runNanos how long it ran
   * @return whether it waits
   */
  boolean reply(Frame reply, boolean more, long now, long runNanos) throws IOException {
    synchronized (output) {
      Scoreboard where = scoreboard;
      int size = FrameCodec.sizeOf(reply);
      if (where == null || size > MAX_COLLECTED_BYTES) {
        write(reply);
        return false;
      } else if (size > replies.remaining()) {
        flush();
      }
      boolean first = replies.position() == 0;
      if (first && !more) {
        writeAlone(reply, size, where);
        return false;
      }
      FrameCodec.write(reply, size, replies);
      where.repliesWait(replies.position());
      long due = now + waitNanos(runNanos);
      if (first || due - dueNanos < 0) {
        dueNanos = due;
      }
      waiting = true;
      if (!more || dueNanos - now <= 0) {
        flush();
      }
      return waiting;
    }
  }

  private static long waitNanos(long runNanos) {
    return runNanos > LONG_NANOS
        ? 0
        : Math.max(MIN_WAIT_NANOS, Math.min(WAIT_FACTOR * runNanos, MAX_WAIT_NANOS));
  }

  /** Where the connection is gone, by a job that closed what is not its own, the reply is left. */
  private void writeAlone(Frame reply, int size, Scoreboard where) throws IOException {
    try {
      write(reply);
    } catch (IOException gone) {
      FrameCodec.write(reply, size, replies);
      where.repliesWait(replies.position());
      throw gone;
    }
  }

  private void flush() throws IOException {
    Scoreboard where = scoreboard;
    if (where == null || replies.position() == 0) {
      return;
    }
    waiting = false;
    repliesWritten += replies.position();
    replies.flip();
    while (replies.hasRemaining()) {
      if (channel.write(replies) == 0) {
        letOthersRun();
      }
    }
    replies.clear();
    where.repliesSent(repliesWritten + output.writtenBytes());
  }

  /** Writes the replies that wait, if any do. */
  void flushWaiting() {
    if (waiting) {
      flushQuietly(true);
    }
  }

  /** Writes the replies that wait, if one of them has waited for long enough. */
  void flushDue() {
    if (waiting) {
      flushQuietly(false);
    }
  }

  private void flushQuietly(boolean all) {
    synchronized (output) {
      try {
        if (all || dueNanos - System.nanoTime() <= 0) {
          flush();
        }
      } catch (IOException gone) {
        // The reader sees the end.
      }
    }
  }

  /** Has a message channel write to the connection from now on; it is read by {@link #serve}. */
  void open(MessageChannel messages) throws IOException {
    messages.open(channel);
  }

  /** Leaves the connection to a message channel, until its end. */
  boolean serve(MessageChannel messages) {
    return messages.run(channel, input);
  }
}
