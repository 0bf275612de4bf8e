package dev.forkyard.pool;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes of many jobs, submitted as they are consumed: never more than a window of jobs ahead
 * of the consumer, whose thread alone pulls the inputs.
 *
 * <p>What they take in memory is bounded, too: the inputs by what they take, and the results by
 * what those before them took. Before the first is known, only few jobs are ahead.
 */
final class ResultStream<I extends @Nullable Object, O extends @Nullable Object>
    extends Spliterators.AbstractSpliterator<JobOutcome<I, O>> {

  /** In which order outcomes come. */
  enum Order {
    /** That of their inputs. */
    OF_INPUTS,
    /** That in which they end. */
    OF_ENDS
  }

  /** A job that was submitted; it is equal to itself alone, whatever its input is. */
  private static final class Item<I extends @Nullable Object, O extends @Nullable Object> {
    final I input;
    final JobFuture<O> future;

    /** What its input took when it was sent; 0 if it was over by the time it was asked. */
    final int inputBytes;

    Item(I input, JobFuture<O> future) {
      this.input = input;
      this.future = future;
      byte[] payload = future.payload();
      this.inputBytes = payload == null ? 0 : payload.length;
    }
  }

  /** So much may be ahead, and one job more. */
  static final long MAX_BYTES_AHEAD = 64 << 20;

  /** How many jobs may be ahead before a first result has come. */
  private static final int FIRST_WINDOW = 64;

  /** The last results count the more. */
  private static final int MEAN_OF = 8;

  private final Iterator<? extends I> inputs;
  private final Function<I, JobFuture<O>> submit;
  private final int window;
  private final Order order;

  /** Those that were not consumed, in the order of their inputs. */
  private final Set<Item<I, O>> ahead = new LinkedHashSet<>();

  private long inputBytesAhead;

  /** About what a result takes; negative before one has come. */
  private double resultBytes = -1;

  /** Those of them that have ended, in that order; used where that counts. */
  private final BlockingQueue<Item<I, O>> ended = new LinkedBlockingQueue<>();

  private ResultStream(
      Iterator<? extends I> inputs, Function<I, JobFuture<O>> submit, int window, Order order) {
    super(Long.MAX_VALUE, Spliterator.ORDERED);
    this.order = order;
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
    ResultStream<I, O> results = new ResultStream<>(inputs, submit, window, Order.OF_INPUTS);
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
      Order order,
      Runnable onClose) {
    ResultStream<I, O> results = new ResultStream<>(inputs, submit, window, order);
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
      while (hasRoom() && inputs.hasNext()) {
        submitNext();
      }
      if (ahead.isEmpty()) {
        return false;
      }
      Item<I, O> item = next();
      ahead.remove(item);
      inputBytesAhead -= item.inputBytes;
      JobOutcome<I, O> outcome = outcome(item);
      learn(item.future.resultBytes());
      consumer.accept(outcome);
      return true;
    } catch (RuntimeException | Error e) {
      cancelAhead();
      throw e;
    }
  }

  private boolean hasRoom() {
    int count = ahead.size();
    boolean known = resultBytes >= 0;
    double bytes = inputBytesAhead + (known ? count * resultBytes : 0);
    return count == 0
        || count < (known ? window : Math.min(window, FIRST_WINDOW)) && bytes < MAX_BYTES_AHEAD;
  }

  private void learn(int bytes) {
    resultBytes = resultBytes < 0 ? bytes : resultBytes + (bytes - resultBytes) / MEAN_OF;
  }

  private void submitNext() {
    I input = inputs.next();
    Item<I, O> item = new Item<>(input, submit.apply(input));
    ahead.add(item);
    inputBytesAhead += item.inputBytes;
    if (order == Order.OF_ENDS) {
      item.future.whenComplete((result, error) -> ended.add(item));
    }
  }

  private Item<I, O> next() {
    return order == Order.OF_ENDS ? awaitEnded() : ahead.iterator().next();
  }

  /** As a join does, it waits on when the thread is interrupted. */
  private Item<I, O> awaitEnded() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return ended.take();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
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
    List<Item<I, O>> open = List.copyOf(ahead);
    ahead.clear();
    open.forEach(item -> item.future.cancel(true));
  }
}
