package dev.forkyard.worker;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * In a JVM that was started by {@code ChildProcess.fork}: the channel to the program that started
 * it. What Node has as {@code process.send} and {@code process.on('message')}.
 *
 * <p>As in Node, the JVM stays alive while there is a listener and the channel is open; without one
 * it ends when its {@code main} has returned. When the parent is gone the JVM ends at once, unless
 * it was forked detached.
 */
public final class ParentProcess {

  private static final String SOCKET_VARIABLE = "FORKYARD_SOCKET";

  /** What waits for a listener must not fill a small heap. */
  private static final long LIMIT_BYTES = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 4);

  private static final int FRAME_OVERHEAD_BYTES = 1024;

  private static volatile @Nullable ParentProcess parent;

  private final MessageChannel channel;
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable Thread alive;

  private ParentProcess(int maxFrameBytes) {
    this.channel =
        new MessageChannel(
            new MessageChannel.End(
                "parent", maxFrameBytes - FRAME_OVERHEAD_BYTES, Long.MAX_VALUE, true, LIMIT_BYTES),
            CompletableFuture::runAsync);
  }

  /** The connection is open, and greeted; from now on it is read. */
  static void connected(MasterChannel connection, boolean detached, int maxFrameBytes)
      throws IOException {
    ParentProcess made = new ParentProcess(maxFrameBytes);
    connection.open(made.channel);
    parent = made;
    Runtime.getRuntime().addShutdownHook(new Thread(made.channel::exit, "forkyard-exit"));
    Thread reader = new Thread(() -> made.run(connection, detached), "forkyard-messages");
    reader.setDaemon(true);
    reader.start();
  }

  private void run(MasterChannel connection, boolean detached) {
    boolean expected = false;
    try {
      expected = connection.serve(channel);
    } catch (RuntimeException | Error thrown) {
      // Most likely a message that the heap has no room for.
      System.err.println("forked JVM: the channel to the parent can't be read: " + thrown);
    }
    if (!expected && !detached) {
      Runtime.getRuntime().halt(1);
    }
    synchronized (this) {
      ended.countDown();
      if (alive == null) {
        channel.tellDisconnected();
      }
    }
  }

  /**
   * The parent of this JVM.
   *
   * @throws IllegalStateException if this JVM was not started by {@code ChildProcess.fork}
   */
  public static ParentProcess get() {
    ParentProcess known = parent;
    if (known == null) {
      throw new IllegalStateException("this JVM was not started by ChildProcess.fork");
    }
    return known;
  }

  /** Whether this JVM was started by {@code ChildProcess.fork}. */
  public static boolean isForked() {
    return parent != null;
  }

  /**
   * Connects to the socket that the program which started this one offers (its {@code
   * SpawnOptions.socket()}), once: a duplex channel of bytes, to be closed by the caller.
   *
   * @throws IllegalStateException if none is offered
   */
  public static SocketChannel openSocket() throws IOException {
    String path = System.getenv(SOCKET_VARIABLE);
    if (path == null) {
      throw new IllegalStateException("no socket is offered: " + SOCKET_VARIABLE + " is not set");
    }
    return SocketChannel.open(UnixDomainSocketAddress.of(path));
  }

  /**
   * Calls the listener with each message of this very class: {@code byte[]}, a {@code String}, a
   * boxed primitive, a protobuf message, a record or plain class, or {@link SharedMemory}. All
   * listeners are called on the one thread that reads the channel: while one runs, nothing else
   * arrives, so long work belongs to a thread of the program's own. Messages that came before are
   * kept, up to 64 MiB or a quarter of the heap; then the parent's messages wait. If the channel is
   * closed already, they are heard before this returns.
   *
   * @throws IllegalStateException if the class has a listener
   * @throws IllegalArgumentException if no message can be of this very class
   */
  public <T> void onMessage(Class<T> type, Consumer<? super T> listener) {
    channel.on(type, listener);
    stayAlive();
  }

  /** As in Node, the JVM lives as long as it may hear something. */
  private synchronized void stayAlive() {
    if (alive == null && ended.getCount() > 0) {
      alive = new Thread(this::awaitEnd, "forkyard-alive");
      alive.setDaemon(false);
      alive.start();
    }
  }

  private void awaitEnd() {
    boolean over = false;
    while (!over) {
      try {
        ended.await();
        over = true;
      } catch (InterruptedException nobodyMeansThisThread) {
        // It ends with the channel.
      }
    }
    channel.tellDisconnected();
  }

  /**
   * Sends a message. The call waits while the parent does not read, so memory stays bounded.
   *
   * @return a future that is complete, with a {@link ChannelClosedException} if the channel is
   *     closed. One that a listener sent while more messages lay behind its own may complete a
   *     moment later, and {@link SharedMemory} when the parent has taken it
   * @throws IllegalArgumentException if the message can't be encoded, or is larger than the parent
   *     takes
   */
  public CompletableFuture<@Nullable Void> send(Object message) {
    return channel.send(message);
  }

  /**
   * Sends a message and asks for word of it, as execa's {@code strict} does.
   *
   * @return completes when a listener of the parent's has taken it; with a {@link
   *     ChannelClosedException} if the channel ends before. A listener that waits for it gets an
   *     {@link IllegalStateException}, since nothing is read while it is called
   * @throws IllegalArgumentException as {@link #send}
   */
  public CompletableFuture<@Nullable Void> sendStrict(Object message) {
    return channel.sendStrict(message);
  }

  /** Whether messages can be sent. */
  public boolean isConnected() {
    return channel.isOpen();
  }

  /** Closes the channel behind what was sent; the JVM lives on. Does nothing if it is closed. */
  public void disconnect() {
    channel.disconnect();
  }

  /** Completes once, when the channel is closed, from whichever side. */
  public CompletableFuture<@Nullable Void> onDisconnect() {
    return channel.disconnected().copy();
  }
}
