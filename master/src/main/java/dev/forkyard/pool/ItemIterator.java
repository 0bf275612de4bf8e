package dev.forkyard.pool;

import dev.forkyard.worker.Codec;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The items of one job, for a thread that takes them one by one and waits for each. The job is
 * submitted when the first is wanted.
 */
final class ItemIterator<T> extends Spliterators.AbstractSpliterator<T> implements Hearer {

  private final Codec<T> codec;
  private final Function<Function<JobMessages, Hearer>, JobFuture<?>> submit;

  /** There is one where something has changed since it was last waited for. */
  private final Semaphore changes = new Semaphore(0);

  private volatile @Nullable JobMessages messages;
  private volatile @Nullable JobFuture<?> future;

  /** Written before {@link #ended}. */
  private @Nullable Throwable failure;

  private volatile boolean ended;
  private boolean closed;

  /** As {@link ItemSubscription#start} does. */
  ItemIterator(Codec<T> codec, Function<Function<JobMessages, Hearer>, JobFuture<?>> submit) {
    super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
    this.codec = codec;
    this.submit = submit;
  }

  @Override
  public boolean tryAdvance(Consumer<? super T> consumer) {
    if (closed) {
      return false;
    }
    JobMessages items = started();
    while (true) {
      // Before what has arrived is looked at, since that was there first.
      boolean last = ended;
      JobMessages.Arrived next = items == null ? null : items.poll();
      if (next != null && items != null) {
        T item = decode(next, items);
        items.taken(next);
        consumer.accept(item);
        return true;
      } else if (last) {
        end();
        return false;
      }
      changes.acquireUninterruptibly();
    }
  }

  /** Null if the job could not be submitted at all. */
  private @Nullable JobMessages started() {
    if (future == null) {
      JobFuture<?> submitted =
          submit.apply(
              made -> {
                messages = made;
                return this;
              });
      future = submitted;
      submitted.whenComplete(
          (none, error) -> {
            failure = error;
            ended = true;
            arrived();
          });
    }
    return messages;
  }

  private T decode(JobMessages.Arrived next, JobMessages items) {
    try {
      return codec.decode(next.message().payload());
    } catch (Throwable e) {
      close();
      throw JobFailedException.itemNotDecoded(items.jobId(), e);
    }
  }

  private void end() {
    closed = true;
    Throwable why = failure;
    if (why instanceof Error error) {
      throw error;
    } else if (why != null) {
      throw why instanceof RuntimeException known ? known : new CompletionException(why);
    }
  }

  /** The job ends, if it has not. */
  void close() {
    closed = true;
    JobFuture<?> running = future;
    if (running != null) {
      running.cancel(true);
    }
    JobMessages unheard = messages;
    if (unheard != null) {
      unheard.discard();
    }
  }

  @Override
  public void arrived() {
    if (changes.availablePermits() == 0) {
      changes.release();
    }
  }

  @Override
  public boolean holdsBackResult() {
    return false;
  }
}
