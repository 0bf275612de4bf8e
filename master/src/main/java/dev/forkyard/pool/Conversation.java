package dev.forkyard.pool;

import dev.forkyard.worker.MessageCodecs;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether a job and who submits it send each other messages, and who hears the job's.
 *
 * @param sent whether the job is sent messages though nobody hears its own
 * @param listeners those of the user, by the names of the classes that they hear
 * @param hearer hears all in their place; null: there is none
 */
record Conversation(
    boolean sent,
    Map<String, MessageListeners.Listener<?>> listeners,
    @Nullable Function<JobMessages, Hearer> hearer) {

  static final Conversation NONE = new Conversation(false, Map.of(), null);

  /**
   * With one listener more.
   *
   * @throws IllegalArgumentException if the class has one, or no message can be of it
   */
  <T> Conversation with(Class<T> type, Consumer<? super T> listener) {
    Objects.requireNonNull(listener, "listener");
    String name = MessageCodecs.checkedName(type);
    if (listeners.containsKey(name)) {
      throw new IllegalArgumentException("messages of class " + name + " have a listener already");
    }
    Map<String, MessageListeners.Listener<?>> all = new HashMap<>(listeners);
    all.put(name, new MessageListeners.Listener<>(type, listener));
    return new Conversation(sent, Map.copyOf(all), hearer);
  }

  Conversation withSent() {
    return new Conversation(true, listeners, hearer);
  }

  Conversation with(Function<JobMessages, Hearer> other) {
    return new Conversation(sent, listeners, other);
  }

  boolean listens() {
    return !listeners.isEmpty();
  }

  /** Whether the job sends messages or is sent some. */
  boolean isAny() {
    return sent || hearer != null || listens();
  }

  /** The messages of one such job. */
  JobMessages start(PoolLoop pool, JobFuture<?> future) {
    Function<JobMessages, Hearer> given = hearer;
    return new JobMessages(
        pool,
        future.jobId(),
        given == null ? made -> new MessageListeners(made, future, listeners) : given);
  }
}
