package dev.forkyard.process;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.transport.Connection;
import dev.forkyard.transport.ConnectionListener;
import dev.forkyard.worker.ChannelClosedException;
import dev.forkyard.worker.MessageCodecs;
import dev.forkyard.worker.MessageInbox;
import dev.forkyard.worker.SharedMemory;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The parent's end of one child's message channel. What is sent waits in a queue that the event
 * loop empties into one write; what arrives is heard on the child's callbacks.
 */
final class MessageChannel {

  private static final long HIGH_WATER_BYTES = 1 << 20;
  private static final int FAREWELL_SECONDS = 5;

  private enum Phase {
    /** The child has not connected yet; what is sent waits. */
    AWAITED,
    OPEN,
    /** Nothing more may be sent; a farewell follows what waits. */
    CLOSING,
    CLOSED
  }

  private record Outgoing(Frame frame, int bytes, CompletableFuture<@Nullable Void> written) {}

  private final int maxMessageBytes;
  private final long maxBufferedBytes;
  private final EventLoop loop;
  private final Callbacks callbacks;
  private final MessageInbox inbox;
  private final CompletableFuture<@Nullable Void> disconnected = new CompletableFuture<>();

  private final ArrayDeque<Outgoing> queue = new ArrayDeque<>();
  private final Map<Long, CompletableFuture<@Nullable Void>> untaken = new HashMap<>();
  private Phase phase = Phase.AWAITED;
  private long bufferedBytes;
  private long lastSequence;

  /** A drain is to come, or what the last one took is not written yet. */
  private boolean scheduled;

  private boolean farewellTaken;

  /** Used on the loop alone, as those below. */
  private @Nullable Connection connection;

  private boolean readsToTheEnd;
  private boolean farewellSent;
  private boolean farewellReceived;

  MessageChannel(ForkOptions options, EventLoop loop, Callbacks callbacks) {
    this.maxMessageBytes = options.maxMessageBytes();
    this.maxBufferedBytes = options.maxBufferedBytes();
    this.loop = loop;
    this.callbacks = callbacks;
    this.inbox =
        new MessageInbox(callbacks, maxBufferedBytes, () -> loop.execute(() -> setReading(true)));
  }

  <T> void on(Class<T> type, Consumer<? super T> listener) {
    inbox.on(type, listener);
  }

  CompletableFuture<@Nullable Void> send(Object message) {
    if (message instanceof SharedMemory) {
      return sendStrict(message);
    }
    CompletableFuture<@Nullable Void> written = new CompletableFuture<>();
    enqueue(MessageCodecs.encode(message, 0), written, null);
    return written;
  }

  CompletableFuture<@Nullable Void> sendStrict(Object message) {
    CompletableFuture<@Nullable Void> taken = new CompletableFuture<>();
    long sequence;
    synchronized (this) {
      sequence = ++lastSequence;
    }
    Frame.Message frame = MessageCodecs.encode(message, sequence);
    if (message instanceof SharedMemory memory) {
      SharedMemory retained = memory.retain();
      taken.whenComplete((done, error) -> retained.release());
    }
    CompletableFuture<@Nullable Void> written = new CompletableFuture<>();
    written.whenComplete(
        (done, error) -> {
          if (error != null) {
            taken.completeExceptionally(error);
          }
        });
    try {
      enqueue(frame, written, taken);
    } catch (RuntimeException e) {
      taken.completeExceptionally(e);
      throw e;
    }
    return taken;
  }

  private void enqueue(
      Frame.Message frame,
      CompletableFuture<@Nullable Void> written,
      @Nullable CompletableFuture<@Nullable Void> taken) {
    int bytes = FrameCodec.sizeOf(frame);
    if (frame.payload().length > maxMessageBytes) {
      throw new IllegalArgumentException(
          "a message of class "
              + frame.type()
              + " has "
              + frame.payload().length
              + " bytes, more than maxMessageBytes ("
              + maxMessageBytes
              + "); raise that or use SharedMemory");
    }
    synchronized (this) {
      if (phase == Phase.CLOSING || phase == Phase.CLOSED) {
        written.completeExceptionally(closed());
        return;
      }
      if (bufferedBytes > 0 && bufferedBytes + bytes > maxBufferedBytes) {
        throw new IllegalStateException(
            "the child does not read: "
                + bufferedBytes
                + " bytes of messages wait for it, and more than maxBufferedBytes ("
                + maxBufferedBytes
                + ") may not; wait for the future of an earlier send");
      }
      bufferedBytes += bytes;
      queue.addLast(new Outgoing(frame, bytes, written));
      if (taken != null) {
        untaken.put(frame.sequence(), taken);
      }
    }
    schedule();
  }

  private void schedule() {
    synchronized (this) {
      if (scheduled || phase == Phase.AWAITED || !somethingToSend()) {
        return;
      }
      scheduled = true;
    }
    loop.execute(this::drain);
  }

  /** The lock is held. */
  private boolean somethingToSend() {
    return !queue.isEmpty() || (phase == Phase.CLOSING && !farewellTaken);
  }

  synchronized boolean isWritable() {
    return bufferedBytes < HIGH_WATER_BYTES && phase != Phase.CLOSING && phase != Phase.CLOSED;
  }

  synchronized boolean isOpen() {
    return phase == Phase.AWAITED || phase == Phase.OPEN;
  }

  void disconnect() {
    synchronized (this) {
      if (phase != Phase.AWAITED && phase != Phase.OPEN) {
        return;
      }
      boolean awaited = phase == Phase.AWAITED;
      phase = Phase.CLOSING;
      if (awaited) {
        return;
      }
    }
    schedule();
  }

  CompletableFuture<@Nullable Void> disconnected() {
    return disconnected;
  }

  private static ChannelClosedException closed() {
    return new ChannelClosedException("the channel to the child process is closed");
  }

  // On the event loop.

  ConnectionListener connected(Connection accepted) {
    connection = accepted;
    synchronized (this) {
      if (phase == Phase.AWAITED) {
        phase = Phase.OPEN;
      }
    }
    accepted.send(new Frame.Welcome(FrameCodec.VERSION, frameBytes()));
    accepted.flush();
    schedule();
    return new Listener();
  }

  private int frameBytes() {
    return (int) Math.min(Integer.MAX_VALUE, maxMessageBytes + 1024L);
  }

  /** A large queue goes in parts, so that no more than one of them is there twice. */
  private void drain() {
    Connection open = connection;
    List<Outgoing> batch = new ArrayList<>();
    boolean farewell;
    synchronized (this) {
      if (open == null) {
        // Closed before it was connected; when it is, there will be another drain.
        scheduled = false;
        return;
      }
      long bytes = 0;
      while (bytes < HIGH_WATER_BYTES && !queue.isEmpty()) {
        Outgoing next = queue.removeFirst();
        batch.add(next);
        bytes += next.bytes;
      }
      farewell = phase == Phase.CLOSING && queue.isEmpty() && !farewellTaken;
      farewellTaken |= farewell;
    }
    try {
      batch.forEach(each -> open.send(each.frame));
      if (farewell) {
        open.send(new Frame.Goodbye(""));
      }
    } catch (RuntimeException | Error noRoom) {
      Callbacks.report(noRoom);
      open.close();
      written(batch, noRoom);
      return;
    }
    open.flush(
        error -> {
          written(batch, error);
          if (farewell) {
            bidFarewell(open);
          }
        });
  }

  /** What the child sent before it knew is still heard: it says goodbye too. */
  private void bidFarewell(Connection open) {
    farewellSent = true;
    if (farewellReceived) {
      open.close();
    } else {
      loop.schedule(open::close, FAREWELL_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** What waits for the child is still sent to it, but it may not read. */
  private void hearFarewell() {
    farewellReceived = true;
    Connection open = connection;
    if (open == null) {
      return;
    } else if (farewellSent) {
      open.close();
    } else {
      disconnect();
      loop.schedule(open::close, FAREWELL_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void written(List<Outgoing> batch, @Nullable Throwable error) {
    synchronized (this) {
      batch.forEach(each -> bufferedBytes -= each.bytes);
      scheduled = somethingToSend();
      if (scheduled) {
        loop.execute(this::drain);
      }
    }
    if (!batch.isEmpty()) {
      Throwable why = error == null ? null : closed();
      Callbacks.unordered().execute(() -> batch.forEach(each -> complete(each.written, why)));
    }
  }

  private static void complete(
      CompletableFuture<@Nullable Void> future, @Nullable Throwable error) {
    if (error == null) {
      future.complete(null);
    } else {
      future.completeExceptionally(error);
    }
  }

  private void setReading(boolean reading) {
    if (connection != null) {
      connection.setReading(reading || readsToTheEnd);
    }
  }

  /**
   * The child has ended: what it left in the socket is read whether or not there is room, for it is
   * little, and the end comes behind it. Any thread.
   */
  void readToTheEnd() {
    loop.execute(
        () -> {
          readsToTheEnd = true;
          setReading(true);
        });
  }

  /** The child is gone, or never came: nothing more is sent or heard. Any thread. */
  void end() {
    List<CompletableFuture<@Nullable Void>> lost = new ArrayList<>();
    synchronized (this) {
      if (phase == Phase.CLOSED) {
        return;
      }
      phase = Phase.CLOSED;
      queue.forEach(each -> lost.add(each.written));
      queue.clear();
      lost.addAll(untaken.values());
      untaken.clear();
    }
    loop.execute(this::close);
    callbacks.execute(
        () -> {
          disconnected.complete(null);
          lost.forEach(each -> each.completeExceptionally(closed()));
        });
  }

  private void close() {
    if (connection != null) {
      connection.close();
    }
  }

  private final class Listener implements ConnectionListener {

    @Override
    public int maxFrameBytes() {
      return frameBytes();
    }

    @Override
    public void onFrame(Frame frame) {
      if (frame instanceof Frame.Message message) {
        if (!inbox.add(message, () -> answer(message.sequence()))) {
          setReading(false);
        }
      } else if (frame instanceof Frame.Taken taken) {
        taken(taken.sequence());
      } else if (frame instanceof Frame.Goodbye) {
        hearFarewell();
      }
    }

    @Override
    public void onBatchEnd() {}

    @Override
    public void onEnd(@Nullable Throwable why) {
      end();
    }
  }

  private void taken(long sequence) {
    CompletableFuture<@Nullable Void> future;
    synchronized (this) {
      future = untaken.remove(sequence);
    }
    if (future != null) {
      Callbacks.unordered().execute(() -> future.complete(null));
    }
  }

  /** On the callbacks: a listener has taken the message. */
  private void answer(long sequence) {
    if (sequence != 0) {
      loop.execute(
          () -> {
            if (connection != null) {
              connection.send(new Frame.Taken(sequence));
              connection.flush();
            }
          });
    }
  }
}
