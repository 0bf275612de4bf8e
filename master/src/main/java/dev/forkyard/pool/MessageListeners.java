package dev.forkyard.pool;

import dev.forkyard.protocol.Frame;
import dev.forkyard.worker.MessageCodecs;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listeners of one job, each for the messages of one class. */
final class MessageListeners implements Hearer {

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  /** Hears messages of one class. */
  record Listener<T>(Class<T> type, Consumer<? super T> consumer) {

    void hear(byte[] payload) {
      consumer.accept(MessageCodecs.decode(type, payload));
    }
  }

  private final JobMessages messages;
  private final Future<?> future;
  private final Map<String, Listener<?>> listeners;
  private final Serial serial;
  private boolean failed;

  MessageListeners(JobMessages messages, Future<?> future, Map<String, Listener<?>> listeners) {
    this.messages = messages;
    this.future = future;
    this.listeners = listeners;
    this.serial = new Serial(messages.pool().messageThreads(), this::hearAll);
  }

  @Override
  public void arrived() {
    serial.want();
  }

  @Override
  public boolean holdsBackResult() {
    return true;
  }

  private void hearAll() {
    for (JobMessages.Arrived next = messages.poll(); next != null; next = messages.poll()) {
      hear(next.message());
      messages.taken(next);
    }
    messages.runLast();
  }

  private void hear(Frame.Message message) {
    Listener<?> listener = listeners.get(message.type());
    // Whoever cancelled the job has no use for it.
    if (listener != null && !future.isDone()) {
      try {
        listener.hear(message.payload());
      } catch (Throwable e) {
        // It is the listener's author's to know, once, and not the job's to end by.
        if (!failed) {
          failed = true;
          log(message.type(), e);
        }
      }
    }
  }

  private void log(String type, @Nullable Throwable why) {
    String poolName = messages.pool().name();
    try (LogContext context = LogContext.of(poolName, 0, messages.jobId())) {
      Log.LOG.error(
          "pool {}: the listener of job {} failed at a message of class {}",
          poolName,
          messages.jobId(),
          type,
          why);
    }
  }
}
