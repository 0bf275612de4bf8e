package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.FrameOutput;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One end of the message channel between a parent and its child. Both ends use it; programs need
 * not.
 *
 * <p>A message costs as few hand-offs as there can be: who sends it writes it to the socket, and
 * the thread that reads it calls the listener. What a listener sends while more messages lie there
 * is written behind the last of them, at once. What the socket does not take is written by the
 * thread that reads at the parent's end, and by a sender that waits for it at the child's. Only one
 * end may wait, or both could wait for each other.
 */
public final class MessageChannel {

  private static final int BATCH_BYTES = 64 << 10;
  private static final long HIGH_WATER_BYTES = 1 << 20;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /**
   * What one end is like.
   *
   * @param peer the name of the other, for errors
   * @param maxMessageBytes how large a message may be that is sent
   * @param maxWaitingBytes how much may wait for the peer to read it; then a send is refused
   * @param sendWaits whether a send waits until the system has taken it, and refuses none
   * @param maxKeptBytes how much may be kept for listeners; then no more is read
   */
  public record End(
      String peer,
      int maxMessageBytes,
      long maxWaitingBytes,
      boolean sendWaits,
      long maxKeptBytes) {}

  private enum Phase {
    /** There is no connection yet; what is sent waits. */
    AWAITED,
    OPEN,
    /** Nothing more may be sent; a farewell is behind what waits. */
    CLOSING,
    CLOSED
  }

  private record Unwritten(long endBytes, MessageFuture<@Nullable Void> future) {}

  private final End end;
  private final Executor completions;
  private final MessageInbox inbox;
  private final CompletableFuture<@Nullable Void> disconnected = new CompletableFuture<>();

  /** Guards what follows; nobody waits, and no listener is called, while it is held. */
  private final ReentrantLock lock = new ReentrantLock();

  private final FrameOutput output = new FrameOutput();
  private final ArrayDeque<Unwritten> unwritten = new ArrayDeque<>();
  private final Map<Long, MessageFuture<@Nullable Void>> untaken = new HashMap<>();
  private volatile Phase phase = Phase.AWAITED;
  private long lastSequence;
  private long farewellEndBytes = Long.MAX_VALUE;

  /**
   * What is written is lost. That the connection has ended the reader will see, behind the rest.
   */
  private boolean broken;

  /** Something waits that nobody may write soon. */
  private final OverdueWrites.Watch overdue = new OverdueWrites.Watch(this::writeNow);

  private @Nullable SocketChannel socket;
  private @Nullable Selector writable;

  private volatile @Nullable Selector readable;
  private volatile @Nullable Thread reader;
  private volatile boolean toTheEnd;
  private volatile boolean exiting;

  /** Used by the reader alone, as those below. */
  private boolean farewellHeard;

  private boolean moreToHear;

  private long patientSinceNanos;

  /**
   * Makes one that is not connected.
   *
   * @param completions where futures complete that are not complete when they are handed out
   */
  public MessageChannel(End end, Executor completions) {
    this.end = end;
    this.completions = completions;
    this.inbox = new MessageInbox(end.maxKeptBytes, this::answer);
  }

  /** Registers a listener, as {@code onMessage} says. */
  public <T> void on(Class<T> type, Consumer<? super T> listener) {
    inbox.on(type, listener);
    if (phase == Phase.CLOSED) {
      inbox.hearKept();
    } else {
      wakeReader();
    }
  }

  /** Sends a message, as {@code send} says. */
  public CompletableFuture<@Nullable Void> send(Object message) {
    if (message instanceof SharedMemory) {
      return sendStrict(message);
    }
    Frame.Message frame = checked(MessageCodecs.encode(message, 0));
    MessageFuture<@Nullable Void> written = null;
    boolean deferred;
    lock.lock();
    try {
      if (!isWilling()) {
        return CompletableFuture.failedFuture(closed());
      }
      add(frame);
      deferred = writeOrDefer();
      if (broken) {
        return CompletableFuture.failedFuture(closed());
      } else if (output.waitingBytes() > 0) {
        written = new MessageFuture<@Nullable Void>(this::writeInListener);
        unwritten.addLast(new Unwritten(output.addedBytes(), written));
      }
    } finally {
      lock.unlock();
    }
    if (written == null) {
      return CompletableFuture.completedFuture(null);
    }
    if (!deferred) {
      writeRest();
    }
    return written;
  }

  /** Sends a message and wants word of it, as {@code sendStrict} says. */
  public CompletableFuture<@Nullable Void> sendStrict(Object message) {
    MessageFuture<@Nullable Void> taken = new MessageFuture<@Nullable Void>(this::refuseInListener);
    boolean deferred;
    lock.lock();
    try {
      Frame.Message frame = checked(MessageCodecs.encode(message, ++lastSequence));
      if (!isWilling()) {
        return CompletableFuture.failedFuture(closed());
      }
      add(frame);
      if (message instanceof SharedMemory memory) {
        SharedMemory retained = memory.retain();
        taken.whenComplete((done, error) -> retained.release());
      }
      untaken.put(frame.sequence(), taken);
      deferred = writeOrDefer();
    } finally {
      lock.unlock();
    }
    if (!deferred) {
      writeRest();
    }
    if (exiting) {
      fail(takeUntaken());
    }
    return taken;
  }

  private Frame.Message checked(Frame.Message frame) {
    if (frame.payload().length > end.maxMessageBytes) {
      throw new IllegalArgumentException(
          "a message of class "
              + frame.type()
              + " has "
              + frame.payload().length
              + " bytes, more than maxMessageBytes ("
              + end.maxMessageBytes
              + "); raise that or use SharedMemory");
    }
    return frame;
  }

  /** The lock is held, as for all that follow up to {@link #completeWritten}. */
  private boolean isWilling() {
    return !broken && (phase == Phase.AWAITED || phase == Phase.OPEN);
  }

  private void add(Frame.Message frame) {
    long waiting = output.waitingBytes();
    if (!end.sendWaits && waiting > 0 && waiting + frame.payload().length > end.maxWaitingBytes) {
      throw new IllegalStateException(
          "the "
              + end.peer
              + " does not read: "
              + waiting
              + " bytes of messages wait for it, and more than maxBufferedBytes ("
              + end.maxWaitingBytes
              + ") may not; wait for the future of an earlier send");
    }
    output.add(frame);
  }

  private boolean writeOrDefer() {
    if (moreToHear
        && !exiting
        && Thread.currentThread() == reader
        && output.waitingBytes() < BATCH_BYTES) {
      overdue.begin();
      return true;
    }
    write();
    return false;
  }

  /** Writes what the socket takes at once. */
  private void write() {
    SocketChannel connected = socket;
    if (connected == null || broken) {
      return;
    }
    try {
      if (output.write(connected)) {
        overdue.end();
      } else if (!end.sendWaits) {
        overdue.begin();
        wakeReader();
      }
    } catch (IOException gone) {
      broken = true;
      output.clear();
    }
    completeWritten();
  }

  private void completeWritten() {
    if (unwritten.isEmpty()) {
      return;
    }
    List<MessageFuture<@Nullable Void>> done = new ArrayList<>();
    while (!unwritten.isEmpty() && unwritten.getFirst().endBytes <= output.writtenBytes()) {
      done.add(unwritten.removeFirst().future);
    }
    if (broken) {
      fail(done);
      return;
    }
    // Most often nobody asks, and then no other thread need be woken.
    done.removeIf(each -> each.getNumberOfDependents() == 0 && each.complete(null));
    if (!done.isEmpty()) {
      completions.execute(() -> done.forEach(each -> each.complete(null)));
    }
  }

  /** The lock is not held. */
  private void writeRest() {
    if (end.sendWaits) {
      writeAll();
    }
  }

  private void writeInListener() {
    if (Thread.currentThread() == reader) {
      // Nobody else would.
      writeAll();
    }
  }

  /** Waits until all is written that waits now. An interrupted thread does so too. */
  private void writeAll() {
    boolean interrupted = false;
    try {
      long endBytes = Long.MAX_VALUE;
      while (true) {
        Selector selector;
        lock.lock();
        try {
          endBytes = Math.min(endBytes, output.addedBytes());
          write();
          SocketChannel connected = socket;
          if (connected == null || phase == Phase.CLOSED || output.writtenBytes() >= endBytes) {
            return;
          }
          selector = writable(connected);
        } finally {
          lock.unlock();
        }
        interrupted |= Thread.interrupted();
        selector.select(ready -> {});
      }
    } catch (IOException | ClosedSelectorException closedMeanwhile) {
      // Then nothing is to be written any more.
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Selector writable(SocketChannel connected) throws IOException {
    Selector known = writable;
    if (known == null) {
      known = Selector.open();
      writable = known;
      connected.register(known, SelectionKey.OP_WRITE);
    }
    return known;
  }

  private void refuseInListener() {
    if (Thread.currentThread() == reader) {
      throw new IllegalStateException(
          "a listener can't wait until the "
              + end.peer
              + " has taken a message, since nothing is read while it is called; use thenRun, or"
              + " wait in another thread");
    }
  }

  private void answer(long sequence) {
    boolean deferred = true;
    lock.lock();
    try {
      if (phase == Phase.OPEN) {
        output.add(new Frame.Taken(sequence));
        deferred = writeOrDefer();
      }
    } finally {
      lock.unlock();
    }
    if (!deferred) {
      writeRest();
    }
  }

  /** Whether it is a good time to send. */
  public boolean isWritable() {
    lock.lock();
    try {
      return output.waitingBytes() < HIGH_WATER_BYTES && isWilling();
    } finally {
      lock.unlock();
    }
  }

  /** Whether messages can be sent. */
  public boolean isOpen() {
    return phase == Phase.AWAITED || phase == Phase.OPEN;
  }

  /** Whether the peer has ever connected. */
  public boolean wasConnected() {
    lock.lock();
    try {
      return socket != null;
    } finally {
      lock.unlock();
    }
  }

  /** Closes it behind what was sent; what the peer sent before it knew is still heard. */
  public void disconnect() {
    lock.lock();
    try {
      if (!isOpen()) {
        return;
      }
      phase = Phase.CLOSING;
      output.add(new Frame.Goodbye(""));
      farewellEndBytes = output.addedBytes();
      write();
      wakeReader();
    } finally {
      lock.unlock();
    }
    writeRest();
  }

  /** Completes when it is told that all is closed. */
  public CompletableFuture<@Nullable Void> disconnected() {
    return disconnected;
  }

  /** Completes {@link #disconnected}, on this thread. */
  public void tellDisconnected() {
    disconnected.complete(null);
  }

  private ChannelClosedException closed() {
    return new ChannelClosedException("the channel to the " + end.peer + " process is closed");
  }

  /**
   * The peer has ended: what it left in the socket is read whether or not there is room, for it is
   * little.
   */
  public void readToTheEnd() {
    toTheEnd = true;
    wakeReader();
  }

  private void wakeReader() {
    Selector selector = readable;
    if (selector != null && Thread.currentThread() != reader) {
      selector.wakeup();
    }
  }

  /**
   * This JVM exits. Reading ends, for it would wait 300 ms for a thread that is in a native call;
   * other hooks, which run at the same time, may have last words to send. What a listener has sent
   * before is written now: it may be the listener that exits, and then nobody else would.
   */
  void exit() {
    exiting = true;
    writeNow();
    wakeReader();
    fail(takeUntaken());
  }

  private List<MessageFuture<@Nullable Void>> takeUntaken() {
    lock.lock();
    try {
      List<MessageFuture<@Nullable Void>> taken = List.copyOf(untaken.values());
      untaken.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void fail(List<MessageFuture<@Nullable Void>> lost) {
    if (!lost.isEmpty()) {
      completions.execute(() -> lost.forEach(each -> each.completeExceptionally(closed())));
    }
  }

  /** Nothing more is sent or heard; nothing happens if it is so already. */
  public void end() {
    List<MessageFuture<@Nullable Void>> lost = new ArrayList<>();
    lock.lock();
    try {
      if (phase == Phase.CLOSED) {
        return;
      }
      phase = Phase.CLOSED;
      broken = true;
      output.clear();
      unwritten.forEach(each -> lost.add(each.future));
      unwritten.clear();
      close(socket);
      close(writable);
      close(readable);
    } finally {
      lock.unlock();
    }
    lost.addAll(takeUntaken());
    fail(lost);
    inbox.hearKept();
  }

  private static void close(@Nullable AutoCloseable closeable) {
    try {
      if (closeable != null) {
        closeable.close();
      }
    } catch (Exception e) {
      // There is nothing left to do with it.
    }
  }

  /**
   * Reads from the peer and calls the listeners, on this thread, until the connection has ended or
   * both sides have said goodbye. Then {@link #end} was called, unless this JVM exits.
   *
   * @param input what has arrived and arrives
   * @return whether the peer's end was to be expected: it had said goodbye, or was to be told
   */
  public boolean run(SocketChannel connected, FrameInput input) {
    boolean expected;
    reader = Thread.currentThread();
    try {
      Selector selector = open(connected);
      if (selector != null) {
        read(connected, selector, input);
      }
    } catch (IOException | ClosedSelectorException brokenConnection) {
      // As good as an end.
    } finally {
      // Also where a message has no room in the heap: else nobody would learn that it is over.
      expected = farewellHeard || exiting || !isOpen();
      if (!exiting) {
        end();
        close(connected);
      }
      reader = null;
    }
    return expected;
  }

  /**
   * Opens it: from here on what is sent is written. {@link #run} does that too, but the thread that
   * runs it may get no core before a sender ends its JVM.
   *
   * @return what the reader waits for; null if the channel was closed before
   */
  @Nullable Selector open(SocketChannel connected) throws IOException {
    lock.lock();
    try {
      if (phase == Phase.CLOSED || socket != null) {
        return readable;
      }
      connected.configureBlocking(false);
      Selector selector = Selector.open();
      readable = selector;
      socket = connected;
      if (phase == Phase.AWAITED) {
        phase = Phase.OPEN;
      }
      write();
      return selector;
    } finally {
      lock.unlock();
    }
  }

  private void read(SocketChannel connected, Selector selector, FrameInput input)
      throws IOException {
    SelectionKey key = connected.register(selector, 0);
    hear(input);
    while (!exiting && !isOver()) {
      inbox.hearKept();
      int interest = interest();
      if (key.interestOps() != interest) {
        key.interestOps(interest);
      }
      // An interrupted thread would not wait; nobody means this one.
      Thread.interrupted();
      if (selector.select(ready -> {}, patienceMillis()) == 0) {
        continue;
      }
      if (key.isWritable()) {
        writeNow();
      }
      if (key.isReadable()) {
        long sinceNanos = System.nanoTime();
        if (input.fill() < 0) {
          return;
        }
        hear(input);
        if (patientSinceNanos != 0) {
          // The time that listeners take is theirs.
          patientSinceNanos =
              toTheEnd ? System.nanoTime() : patientSinceNanos + System.nanoTime() - sinceNanos;
        }
      }
    }
  }

  private int interest() {
    boolean reads = toTheEnd || !inbox.isFull();
    lock.lock();
    try {
      boolean writes = !end.sendWaits && output.waitingBytes() > 0;
      return (reads ? SelectionKey.OP_READ : 0) | (writes ? SelectionKey.OP_WRITE : 0);
    } finally {
      lock.unlock();
    }
  }

  private void writeNow() {
    lock.lock();
    try {
      write();
    } finally {
      lock.unlock();
    }
  }

  private void hear(FrameInput input) throws IOException {
    for (Frame frame = input.next(); frame != null; frame = input.next()) {
      moreToHear = input.hasNext();
      hear(frame);
    }
    moreToHear = false;
    writeNow();
    writeRest();
  }

  private void hear(Frame frame) {
    if (frame instanceof Frame.Message message) {
      inbox.add(message);
    } else if (frame instanceof Frame.Taken taken) {
      taken(taken.sequence());
    } else if (frame instanceof Frame.Goodbye) {
      farewellHeard = true;
      disconnect();
    }
  }

  private void taken(long sequence) {
    MessageFuture<@Nullable Void> future;
    lock.lock();
    try {
      future = untaken.remove(sequence);
    } finally {
      lock.unlock();
    }
    if (future != null) {
      completions.execute(() -> future.complete(null));
    }
  }

  /** Both have said goodbye; or one has, or has ended, and nothing has come for a while. */
  private boolean isOver() {
    boolean said = farewellSaid();
    if (said && farewellHeard) {
      return true;
    } else if (!said && !farewellHeard && !toTheEnd) {
      return false;
    } else if (patientSinceNanos == 0) {
      patientSinceNanos = System.nanoTime();
    }
    return System.nanoTime() - patientSinceNanos >= PATIENCE_NANOS;
  }

  private boolean farewellSaid() {
    if (phase != Phase.CLOSING) {
      return false;
    }
    lock.lock();
    try {
      return output.writtenBytes() >= farewellEndBytes;
    } finally {
      lock.unlock();
    }
  }

  /** How long to wait for the socket; 0 without end. */
  private long patienceMillis() {
    return patientSinceNanos == 0
        ? 0
        : Math.max(
            1,
            TimeUnit.NANOSECONDS.toMillis(
                PATIENCE_NANOS - (System.nanoTime() - patientSinceNanos)));
  }
}
