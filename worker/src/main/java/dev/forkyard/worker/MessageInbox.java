package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What has arrived for the listeners of one side. Messages of a class that has no listener yet are
 * kept; those of one class are heard in the order in which they were sent, and so are all, where
 * the listeners are there. Both ends use it; programs need not.
 */
public final class MessageInbox {

  private record Arrived(Frame.Message message, Runnable taken) {

    /** About what it takes in memory. */
    int bytes() {
      return message.payload().length + 64;
    }
  }

  private record Listener<T>(Class<T> type, Consumer<? super T> consumer) {

    void hear(byte[] payload) {
      consumer.accept(MessageCodecs.decode(type, payload));
    }
  }

  private final Executor serial;
  private final long limitBytes;
  private final Runnable onRoom;
  private final Map<String, Listener<?>> listeners = new HashMap<>();
  private final Map<String, ArrayDeque<Arrived>> kept = new HashMap<>();
  private long bytes;
  private boolean full;

  /**
   * Makes an empty one.
   *
   * @param serial runs the listeners, one task after the other in order
   * @param limitBytes when more than this waits, no more should be read
   * @param onRoom called when there is room again
   */
  public MessageInbox(Executor serial, long limitBytes, Runnable onRoom) {
    this.serial = serial;
    this.limitBytes = limitBytes;
    this.onRoom = onRoom;
  }

  /**
   * Registers the listener for a class, which gets what was kept for it first.
   *
   * @throws IllegalStateException if the class has one
   * @throws IllegalArgumentException if no message can be of this very class
   */
  public <T> void on(Class<T> type, Consumer<? super T> listener) {
    Objects.requireNonNull(listener, "listener");
    String name = MessageCodecs.checkedName(type);
    synchronized (this) {
      if (listeners.putIfAbsent(name, new Listener<>(type, listener)) != null) {
        throw new IllegalStateException("messages of class " + name + " have a listener already");
      }
      ArrayDeque<Arrived> waiting = kept.remove(name);
      if (waiting != null) {
        waiting.forEach(each -> serial.execute(() -> deliver(each)));
      }
    }
  }

  /**
   * Takes what has arrived.
   *
   * @param taken run when a listener has returned from it
   * @return whether there is room for more; if not, {@code onRoom} tells when
   */
  public synchronized boolean add(Frame.Message message, Runnable taken) {
    Arrived arrived = new Arrived(message, taken);
    bytes += arrived.bytes();
    if (listeners.containsKey(message.type())) {
      serial.execute(() -> deliver(arrived));
    } else {
      kept.computeIfAbsent(message.type(), none -> new ArrayDeque<>()).addLast(arrived);
    }
    // Once full it stays so until onRoom is due, also if this one is small: else nobody would tell.
    full |= bytes > limitBytes;
    return !full;
  }

  private void deliver(Arrived arrived) {
    Listener<?> listener;
    synchronized (this) {
      listener = listeners.get(arrived.message.type());
    }
    try {
      Objects.requireNonNull(listener).hear(arrived.message.payload());
    } catch (Throwable thrown) {
      report(thrown);
    } finally {
      if (delivered(arrived)) {
        onRoom.run();
      }
      arrived.taken.run();
    }
  }

  /** The listener's author is told; the messages that follow are heard all the same. */
  private static void report(Throwable thrown) {
    Thread thread = Thread.currentThread();
    try {
      thread.getThreadGroup().uncaughtException(thread, thrown);
    } catch (RuntimeException | Error byTheHandler) {
      // The JVM ignores what a handler throws, too.
    }
  }

  /** Whether there is room now where there was none before. */
  private synchronized boolean delivered(Arrived arrived) {
    bytes -= arrived.bytes();
    boolean room = full && bytes <= limitBytes / 2;
    full &= !room;
    return room;
  }

  /** Whether no more should be read. */
  synchronized boolean isFull() {
    return full;
  }
}
