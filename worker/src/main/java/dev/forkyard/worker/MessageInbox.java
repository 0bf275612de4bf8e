package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived for the listeners of one side. They are called one at a time, by the thread that
 * brings the messages. Messages of a class that has no listener yet are kept; those of one class
 * are heard in the order in which they were sent, and so are all, where the listeners are there.
 */
final class MessageInbox {

  private record Listener<T>(Class<T> type, Consumer<? super T> consumer) {

    void hear(byte[] payload) {
      consumer.accept(MessageCodecs.decode(type, payload));
    }
  }

  private final long limitBytes;
  private final LongConsumer taken;
  private final Map<String, Listener<?>> registered = new ConcurrentHashMap<>();
  private final Queue<String> newcomers = new ConcurrentLinkedQueue<>();

  /** Held while a listener is called; guards those below. */
  private final ReentrantLock hearing = new ReentrantLock();

  private final Map<String, Listener<?>> listeners = new HashMap<>();
  private final Map<String, ArrayDeque<Frame.Message>> kept = new HashMap<>();
  private long keptBytes;
  private boolean full;

  /**
   * Makes an empty one.
   *
   * @param limitBytes when more than this is kept, no more should be brought
   * @param taken is told of each message that wants it, by its sequence number, when a listener has
   *     returned from it
   */
  MessageInbox(long limitBytes, LongConsumer taken) {
    this.limitBytes = limitBytes;
    this.taken = taken;
  }

  /**
   * Registers the listener for a class. What was kept for it is heard at the next message, or when
   * {@link #hearKept} is called.
   *
   * @throws IllegalStateException if the class has one
   * @throws IllegalArgumentException if no message can be of this very class
   */
  <T> void on(Class<T> type, Consumer<? super T> listener) {
    Objects.requireNonNull(listener, "listener");
    String name = MessageCodecs.checkedName(type);
    if (registered.putIfAbsent(name, new Listener<>(type, listener)) != null) {
      throw new IllegalStateException("messages of class " + name + " have a listener already");
    }
    newcomers.add(name);
  }

  /** Takes what has arrived. */
  void add(Frame.Message message) {
    hearKept();
    hearing.lock();
    try {
      Listener<?> listener = listeners.get(message.type());
      if (listener != null) {
        hear(listener, message);
      } else {
        kept.computeIfAbsent(message.type(), none -> new ArrayDeque<>()).addLast(message);
        keptBytes += sizeOf(message);
        full |= keptBytes > limitBytes;
      }
    } finally {
      hearing.unlock();
    }
  }

  /** Calls the new listeners with what was kept for them; in a listener it does nothing. */
  void hearKept() {
    if (newcomers.isEmpty() || hearing.isHeldByCurrentThread()) {
      return;
    }
    hearing.lock();
    try {
      for (String name = newcomers.poll(); name != null; name = newcomers.poll()) {
        Listener<?> listener = Objects.requireNonNull(registered.get(name));
        ArrayDeque<Frame.Message> waiting = kept.remove(name);
        for (Frame.Message next = first(waiting); next != null; next = first(waiting)) {
          keptBytes -= sizeOf(next);
          hear(listener, next);
        }
        listeners.put(name, listener);
      }
      full &= keptBytes > limitBytes / 2;
    } finally {
      hearing.unlock();
    }
  }

  private static Frame.@Nullable Message first(@Nullable ArrayDeque<Frame.Message> waiting) {
    return waiting == null ? null : waiting.pollFirst();
  }

  /** About what it takes in memory. */
  private static int sizeOf(Frame.Message message) {
    return message.payload().length + 64;
  }

  private void hear(Listener<?> listener, Frame.Message message) {
    boolean wasInterrupted = Thread.currentThread().isInterrupted();
    try {
      listener.hear(message.payload());
    } catch (Throwable thrown) {
      report(thrown);
    }
    if (!wasInterrupted) {
      // What a listener leaves behind is not for the next one.
      Thread.interrupted();
    }
    if (message.sequence() != 0) {
      taken.accept(message.sequence());
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

  /** Whether no more should be brought. */
  boolean isFull() {
    hearing.lock();
    try {
      return full;
    } finally {
      hearing.unlock();
    }
  }
}
