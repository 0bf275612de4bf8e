package dev.forkyard.pool;

import dev.forkyard.worker.Codec;
import dev.forkyard.worker.HandlerCodecs;
import dev.forkyard.worker.StreamHandler;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Runs jobs that have many results. */
final class ItemStreams {

  private final PoolLoop loop;
  private final Intake intake;
  private final Map<Class<?>, Ref<?, ?>> refs = new ConcurrentHashMap<>();

  /** A handler, and how its items travel. */
  private record Ref<I extends @Nullable Object, T>(
      HandlerRef<I, @Nullable Void> handler, Codec<T> items) {

    static <I extends @Nullable Object, T> Ref<I, T> of(
        Class<? extends StreamHandler<I, T>> handler) {
      return new Ref<>(HandlerRef.of(handler), HandlerCodecs.items(handler));
    }
  }

  ItemStreams(PoolLoop loop, Intake intake) {
    this.loop = loop;
    this.intake = intake;
  }

  /** One job for each subscriber. */
  <I extends @Nullable Object, T> Flow.Publisher<T> publisher(
      Class<? extends StreamHandler<I, T>> handler, I input, JobOptions options) {
    Ref<I, T> ref = ref(handler);
    Function<Function<JobMessages, Hearer>, JobFuture<?>> submit = submit(ref, input, options);
    return subscriber -> {
      Objects.requireNonNull(subscriber, "subscriber");
      new ItemSubscription<T>(loop, ref.items(), new ItemJob(submit), subscriber).start();
    };
  }

  /** One job, when its first item is wanted. */
  <I extends @Nullable Object, T> Stream<T> stream(
      Class<? extends StreamHandler<I, T>> handler, I input, JobOptions options) {
    Ref<I, T> ref = ref(handler);
    ItemIterator<T> items =
        new ItemIterator<>(ref.items(), new ItemJob(submit(ref, input, options)));
    return StreamSupport.stream(items, false).onClose(items::close);
  }

  private <I extends @Nullable Object> Function<Function<JobMessages, Hearer>, JobFuture<?>> submit(
      Ref<I, ?> ref, I input, JobOptions options) {
    if (options.conversation().listens()) {
      throw new IllegalArgumentException(
          "a job that emits items has no listeners, but the options have: " + options);
    } else if (options.retries() > 0) {
      throw new IllegalArgumentException(
          "a job that emits items can't be run again, since some may have been taken, but retries"
              + " is "
              + options.retries());
    }
    return hearer -> intake.submit(ref.handler(), input, options.withHearer(hearer));
  }

  @SuppressWarnings("unchecked") // keyed by the class whose types these are
  private <I extends @Nullable Object, T> Ref<I, T> ref(
      Class<? extends StreamHandler<I, T>> handler) {
    Objects.requireNonNull(handler, "handler");
    Ref<?, ?> known = refs.get(handler);
    if (known == null) {
      known = Ref.of(handler);
      refs.put(handler, known);
    }
    return (Ref<I, T>) known;
  }
}
