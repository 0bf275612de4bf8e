package dev.forkyard.pool;

import dev.forkyard.worker.Codec;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The items of one job, for a thread that takes them one by one and waits for each. The job is
 * submitted when the first is wanted.
 */
final class ItemIterator<T> extends Spliterators.AbstractSpliterator<T> implements Hearer {

  private final Codec<T> codec;
  private final ItemJob job;

  /** There is one where something has changed since it was last waited for. */
  private final Semaphore changes = new Semaphore(0);

  /** Written before {@link #ended}. */
  private @Nullable Throwable failure;

  private volatile boolean ended;
  private boolean closed;

  ItemIterator(Codec<T> codec, ItemJob job) {
    super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
    this.codec = codec;
    this.job = job;
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
    if (!job.isStarted()) {
      job.start(this)
          .whenComplete(
              (none, error) -> {
                failure = error;
                ended = true;
                arrived();
              });
    }
    return job.items();
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
    job.end();
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
