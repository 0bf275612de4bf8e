package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * In a JVM that was started by {@code ChildProcess.fork}: the channel to the program that started
 * it. What Node has as {@code process.send} and {@code process.on('message')}.
 *
 * <p>Listeners are called on one thread of this class, one message after the other. As in Node, the
 * JVM stays alive while there is a listener and the channel is open; without one it ends when its
 * {@code main} has returned. When the parent is gone the JVM ends at once, unless it was forked
 * detached.
 */
public final class ParentProcess {

  private static final String SOCKET_VARIABLE = "FORKYARD_SOCKET";
  private static final int FAREWELL_SECONDS = 5;

  /** What waits for a listener must not fill a small heap. */
  private static final long LIMIT_BYTES = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 4);

  private static final int FRAME_OVERHEAD_BYTES = 1024;

  private static volatile @Nullable ParentProcess parent;

  private final MasterChannel channel;
  private final boolean detached;
  private final int maxFrameBytes;
  private final LinkedBlockingQueue<Runnable> deliveries = new LinkedBlockingQueue<>();
  private final MessageInbox inbox =
      new MessageInbox(deliveries::add, LIMIT_BYTES, this::wakeReader);
  private final AtomicLong lastSequence = new AtomicLong();
  private final Map<Long, CompletableFuture<@Nullable Void>> untaken = new ConcurrentHashMap<>();
  private final CompletableFuture<@Nullable Void> disconnected = new CompletableFuture<>();
  private final Object room = new Object();
  private boolean delivering;
  private volatile boolean closing;
  private volatile boolean exiting;

  private ParentProcess(MasterChannel channel, boolean detached, int maxFrameBytes) {
    this.channel = channel;
    this.detached = detached;
    this.maxFrameBytes = maxFrameBytes;
  }

  /** The channel is open, and greeted; from now on it is read. */
  static void connected(MasterChannel channel, boolean detached, int maxFrameBytes) {
    ParentProcess made = new ParentProcess(channel, detached, maxFrameBytes);
    parent = made;
    // A JVM that exits would wait 300 ms for a thread that is blocked in a native read.
    Runtime.getRuntime().addShutdownHook(new Thread(made::exiting, "forkyard-exit"));
    Thread reader = new Thread(made::read, "forkyard-parent");
    reader.setDaemon(true);
    reader.start();
  }

  /** Only reading ends: other hooks, which run at the same time, may have last words to send. */
  private void exiting() {
    exiting = true;
    channel.stopReading();
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
   * boxed primitive, a protobuf message, a record or plain class, or {@link SharedMemory}. Those
   * that came before are kept for it, up to 64 MiB or a quarter of the heap; then the parent's
   * messages wait.
   *
   * @throws IllegalStateException if the class has a listener
   * @throws IllegalArgumentException if no message can be of this very class
   */
  public <T> void onMessage(Class<T> type, Consumer<? super T> listener) {
    inbox.on(type, listener);
    synchronized (this) {
      if (!delivering) {
        delivering = true;
        new Thread(this::deliver, "forkyard-messages").start();
      }
    }
  }

  /** Keeps the JVM alive until the channel is closed and all was heard. */
  private void deliver() {
    for (Runnable next = nextDelivery(); next != null; next = nextDelivery()) {
      next.run();
    }
  }

  private @Nullable Runnable nextDelivery() {
    while (true) {
      synchronized (this) {
        if (disconnected.isDone() && deliveries.isEmpty()) {
          delivering = false;
          return null;
        }
      }
      try {
        return deliveries.take();
      } catch (InterruptedException leftByAListener) {
        // What it meant is over; the next message is heard all the same.
      }
    }
  }

  /**
   * Sends a message. The call waits while the parent does not read, so memory stays bounded.
   *
   * @return a future that is complete, unless it is {@link SharedMemory}: then when the parent has
   *     taken it; with a {@link ChannelClosedException} if the channel is closed
   * @throws IllegalArgumentException if the message can't be encoded, or is larger than the parent
   *     takes
   */
  public CompletableFuture<@Nullable Void> send(Object message) {
    if (message instanceof SharedMemory) {
      return sendStrict(message);
    }
    try {
      write(message, 0);
      return CompletableFuture.completedFuture(null);
    } catch (IOException closed) {
      return CompletableFuture.failedFuture(closed());
    }
  }

  /**
   * Sends a message and asks for word of it, as execa's {@code strict} does.
   *
   * @return completes when a listener of the parent's has taken it; with a {@link
   *     ChannelClosedException} if the channel ends before
   * @throws IllegalArgumentException as {@link #send}
   */
  public CompletableFuture<@Nullable Void> sendStrict(Object message) {
    long sequence = lastSequence.incrementAndGet();
    CompletableFuture<@Nullable Void> taken = new CompletableFuture<>();
    SharedMemory memory = message instanceof SharedMemory shared ? shared.retain() : null;
    if (memory != null) {
      taken.whenComplete((done, error) -> memory.release());
    }
    untaken.put(sequence, taken);
    try {
      write(message, sequence);
    } catch (IOException | RuntimeException e) {
      untaken.remove(sequence);
      taken.completeExceptionally(e instanceof IOException ? closed() : e);
      if (e instanceof RuntimeException wrong) {
        throw wrong;
      }
    }
    if (disconnected.isDone() || exiting) {
      failUntaken();
    }
    return taken;
  }

  private void write(Object message, long sequence) throws IOException {
    Frame.Message frame = MessageCodecs.encode(message, sequence);
    if (FrameCodec.sizeOf(frame) > maxFrameBytes) {
      throw new IllegalArgumentException(
          "a message of class "
              + message.getClass().getName()
              + " has "
              + frame.payload().length
              + " bytes, more than the parent takes ("
              + (maxFrameBytes - FRAME_OVERHEAD_BYTES)
              + "); raise maxMessageBytes or use SharedMemory");
    }
    if (closing) {
      throw closed();
    }
    channel.write(frame);
  }

  private static ChannelClosedException closed() {
    return new ChannelClosedException("the channel to the parent process is closed");
  }

  /** Whether messages can be sent. */
  public boolean isConnected() {
    return !closing && !disconnected.isDone();
  }

  /** Closes the channel behind what was sent; the JVM lives on. Does nothing if it is closed. */
  public void disconnect() {
    synchronized (this) {
      if (closing) {
        return;
      }
      closing = true;
    }
    try {
      // The parent sends what it still has, says goodbye too, and closes; but is not waited for
      // long.
      channel.write(new Frame.Goodbye(""));
      CompletableFuture.delayedExecutor(FAREWELL_SECONDS, TimeUnit.SECONDS)
          .execute(channel::stopReading);
    } catch (IOException gone) {
      // The reader sees the end.
    }
  }

  /** Completes once, when the channel is closed, from whichever side. */
  public CompletableFuture<@Nullable Void> onDisconnect() {
    return disconnected.copy();
  }

  // On the reader.

  private void read() {
    boolean farewell = false;
    try {
      for (Frame frame = channel.read(); frame != null; frame = channel.read()) {
        if (frame instanceof Frame.Message message) {
          accept(message);
        } else if (frame instanceof Frame.Taken taken) {
          taken(taken.sequence());
        } else if (frame instanceof Frame.Goodbye) {
          farewell = true;
          disconnect();
        }
      }
    } catch (IOException brokenConnection) {
      // As good as an end.
    } catch (RuntimeException | Error thrown) {
      // Most likely a message that the heap has no room for.
      System.err.println("forked JVM: the channel to the parent can't be read: " + thrown);
    }
    if (exiting) {
      failUntaken();
      return;
    }
    if (!farewell && !closing && !detached) {
      Runtime.getRuntime().halt(1);
    }
    closing = true;
    channel.close();
    failUntaken();
    deliveries.add(() -> disconnected.complete(null));
    synchronized (this) {
      if (!delivering) {
        disconnected.complete(null);
      }
    }
  }

  private void accept(Frame.Message message) {
    if (!inbox.add(message, () -> answer(message.sequence()))) {
      awaitRoom();
    }
  }

  private void awaitRoom() {
    synchronized (room) {
      while (inbox.isFull()) {
        try {
          room.wait();
        } catch (InterruptedException nobodyMeansThisThread) {
          // It ends with its channel.
        }
      }
    }
  }

  private void wakeReader() {
    synchronized (room) {
      room.notifyAll();
    }
  }

  private void answer(long sequence) {
    if (sequence != 0) {
      try {
        channel.write(new Frame.Taken(sequence));
      } catch (IOException gone) {
        // Then nobody waits for it.
      }
    }
  }

  private void taken(long sequence) {
    CompletableFuture<@Nullable Void> future = untaken.remove(sequence);
    if (future != null) {
      future.completeAsync(() -> null);
    }
  }

  private void failUntaken() {
    untaken.values().forEach(each -> each.completeExceptionally(closed()));
    untaken.clear();
  }
}
