package dev.forkyard.pool;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes of many jobs in the order of their inputs, submitted as they are consumed: never
 * more than a window of jobs ahead of the consumer, whose thread alone pulls the inputs.
 */
final class ResultStream<I extends @Nullable Object, O extends @Nullable Object>
    extends Spliterators.AbstractSpliterator<JobOutcome<I, O>> {

  private record Item<I extends @Nullable Object, O extends @Nullable Object>(
      I input, JobFuture<O> future) {}

  private final Iterator<? extends I> inputs;
  private final Function<I, JobFuture<O>> submit;
  private final int window;
  private final ArrayDeque<Item<I, O>> ahead = new ArrayDeque<>();

  private ResultStream(Iterator<? extends I> inputs, Function<I, JobFuture<O>> submit, int window) {
    super(Long.MAX_VALUE, Spliterator.ORDERED);
    this.inputs = inputs;
    this.submit = submit;
    this.window = window;
  }

  /** One outcome per input, failures included. */
  static <I extends @Nullable Object, O extends @Nullable Object> Stream<JobOutcome<I, O>> outcomes(
      Iterator<? extends I> inputs,
      Function<I, JobFuture<O>> submit,
      int window,
      Runnable onClose) {
    ResultStream<I, O> results = new ResultStream<>(inputs, submit, window);
    return StreamSupport.stream(results, false)
        .onClose(
            () -> {
              results.cancelAhead();
              onClose.run();
            });
  }

  /** The results up to the first failure, which the stream throws, with the rest cancelled. */
  @SuppressWarnings("NullAway") // a null result is a value
  static <I extends @Nullable Object, O extends @Nullable Object> Stream<O> results(
      Iterator<? extends I> inputs,
      Function<I, JobFuture<O>> submit,
      int window,
      Runnable onClose) {
    ResultStream<I, O> results = new ResultStream<>(inputs, submit, window);
    return StreamSupport.stream(results, false)
        .<O>map(
            outcome -> {
              Throwable failure = outcome.error();
              if (failure != null) {
                results.cancelAhead();
                throw unchecked(failure);
              }
              return outcome.result();
            })
        .onClose(
            () -> {
              results.cancelAhead();
              onClose.run();
            });
  }

  private static RuntimeException unchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof RuntimeException known ? known : new CompletionException(failure);
  }

  @Override
  public boolean tryAdvance(Consumer<? super JobOutcome<I, O>> consumer) {
    try {
      while (ahead.size() < window && inputs.hasNext()) {
        I input = inputs.next();
        ahead.addLast(new Item<>(input, submit.apply(input)));
      }
      Item<I, O> item = ahead.pollFirst();
      if (item == null) {
        return false;
      }
      consumer.accept(outcome(item));
      return true;
    } catch (RuntimeException | Error e) {
      cancelAhead();
      throw e;
    }
  }

  private static <I extends @Nullable Object, O extends @Nullable Object> JobOutcome<I, O> outcome(
      Item<I, O> item) {
    O result = null;
    Throwable error = null;
    try {
      result = item.future.join();
    } catch (CompletionException e) {
      error = e.getCause() == null ? e : e.getCause();
    } catch (CancellationException e) {
      error = e;
    }
    return new JobOutcome<>(item.input, result, error, item.future.report());
  }

  private void cancelAhead() {
    for (Item<I, O> item = ahead.pollFirst(); item != null; item = ahead.pollFirst()) {
      item.future.cancel(true);
    }
  }
}
