package dev.forkyard.process;

import dev.forkyard.worker.MessageChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A JVM that this program forked, and the channel for messages to and from it. Messages may be
 * {@code byte[]}, a {@code String}, a boxed primitive, a protobuf message, a record or plain class
 * (as CBOR by Jackson, which the program brings), or {@link dev.forkyard.worker.SharedMemory}.
 */
public final class ForkedProcess extends ChildProcess {

  private static final int LAST_WORDS_SECONDS = 5;

  private final MessageChannel channel;
  private final Path tokenFile;

  ForkedProcess(Started started, MessageChannel channel, Path tokenFile) {
    super(started);
    this.channel = channel;
    this.tokenFile = tokenFile;
  }

  /**
   * Calls the listener with each message of this very class. All listeners of a child are called on
   * the one thread that reads its channel: while one runs, the child's sends may have to wait, and
   * what waits for the child is not written, so long work belongs to another thread. Messages that
   * came before are kept, up to {@code maxBufferedBytes}; then the child's sends wait. If the
   * channel is closed already, they are heard before this returns.
   *
   * @throws IllegalStateException if the class has a listener
   */
  public <T> void onMessage(Class<T> type, Consumer<? super T> listener) {
    channel.on(type, listener);
  }

  /**
   * Sends a message; it never waits. What is sent before the child has connected is kept.
   *
   * @return completes when the system has taken the message for the child ({@link
   *     dev.forkyard.worker.SharedMemory}: when the child has); with a {@link
   *     dev.forkyard.worker.ChannelClosedException} if the channel is closed before
   * @throws IllegalArgumentException if the message can't be encoded, or is larger than {@code
   *     maxMessageBytes}
   * @throws IllegalStateException if more than {@code maxBufferedBytes} wait for a child that does
   *     not read; see {@link #isWritable}
   */
  public CompletableFuture<@Nullable Void> send(Object message) {
    return channel.send(message);
  }

  /**
   * Sends a message and asks for word of it, as execa's {@code strict} does.
   *
   * @return completes when a listener in the child has taken it; with a {@link
   *     dev.forkyard.worker.ChannelClosedException} if the child ends or disconnects before. A
   *     listener that waits for it gets an {@link IllegalStateException}, since nothing is read
   *     while it is called
   */
  public CompletableFuture<@Nullable Void> sendStrict(Object message) {
    return channel.sendStrict(message);
  }

  /**
   * Whether it is a good time to send: less than 1 MiB waits for the child. If not, wait for the
   * future of the last send.
   */
  public boolean isWritable() {
    return channel.isWritable();
  }

  /** Whether messages can be sent. */
  public boolean isConnected() {
    return channel.isOpen();
  }

  /** Closes the channel behind what was sent; the child lives on. Does nothing if it is closed. */
  public void disconnect() {
    channel.disconnect();
  }

  /** Completes once, when the channel is closed, from whichever side, and before the exit. */
  public CompletableFuture<@Nullable Void> onDisconnect() {
    return channel.disconnected().copy();
  }

  /** A child that has connected has deleted its token; what it sent then is read to the end. */
  @Override
  CompletableFuture<?> beforeExit() {
    if (Files.exists(tokenFile)) {
      endChannel();
    } else {
      channel.readToTheEnd();
      // Its greeting lies in the socket, unless something else has deleted the file.
      CompletableFuture.delayedExecutor(LAST_WORDS_SECONDS, TimeUnit.SECONDS)
          .execute(
              () -> {
                if (!channel.wasConnected()) {
                  endChannel();
                }
              });
    }
    return channel.disconnected().copy();
  }

  private void endChannel() {
    channel.end();
    callbacks().execute(channel::tellDisconnected);
  }
}
