package dev.forkyard.pool;

import dev.forkyard.worker.Codec;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscriber and its job. All signals but the first come from the pool's threads for messages,
 * one at a time.
 */
final class ItemSubscription<T> implements Flow.Subscription, Hearer {

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private final PoolLoop pool;
  private final Codec<T> codec;
  private final ItemJob job;
  private final Serial serial;

  /** Null when it has cancelled, or was told of the end. */
  private volatile Flow.@Nullable Subscriber<? super T> subscriber;

  /** From then on it may be told of items. */
  private volatile boolean started;

  private final AtomicLong wanted = new AtomicLong();
  private volatile @Nullable IllegalArgumentException misused;

  /** Written before {@link #ended}. */
  private @Nullable Throwable failure;

  private volatile boolean ended;

  ItemSubscription(
      PoolLoop pool, Codec<T> codec, ItemJob job, Flow.Subscriber<? super T> subscriber) {
    this.pool = pool;
    this.codec = codec;
    this.job = job;
    this.subscriber = subscriber;
    this.serial = new Serial(pool.messageThreads(), this::tell);
  }

  /** Tells the subscriber of this, and then submits the job, unless it is cancelled by then. */
  void start() {
    Flow.Subscriber<? super T> first = subscriber;
    if (first != null) {
      first.onSubscribe(this);
      if (subscriber != null && misused == null) {
        submit();
      }
      started = true;
      serial.want();
    }
  }

  private void submit() {
    try {
      JobFuture<?> submitted = job.start(this);
      if (subscriber == null) {
        submitted.cancel(true);
      }
      submitted.whenComplete((none, error) -> end(error));
    } catch (RuntimeException refused) {
      end(refused);
    }
  }

  private void end(@Nullable Throwable error) {
    failure = error;
    ended = true;
    serial.want();
  }

  @Override
  public void request(long count) {
    if (count > 0) {
      wanted.updateAndGet(before -> before + count < 0 ? Long.MAX_VALUE : before + count);
    } else {
      misused =
          new IllegalArgumentException(
              "a subscriber must request at least 1 item (rule 3.9), but asked for " + count);
    }
    serial.want();
  }

  @Override
  public void cancel() {
    subscriber = null;
    job.end();
  }

  @Override
  public void arrived() {
    if (subscriber == null) {
      job.end();
    } else {
      serial.want();
    }
  }

  @Override
  public boolean holdsBackResult() {
    return false;
  }

  private void tell() {
    if (!started) {
      return;
    }
    // Before what has arrived is looked at, since that was there first.
    boolean last = ended;
    JobMessages items = job.items();
    while (items != null && misused == null && subscriber != null && wanted.get() > 0) {
      JobMessages.Arrived next = items.poll();
      if (next == null) {
        break;
      }
      tell(next, items);
    }
    if (misused != null) {
      tellEnd(misused);
    } else if (last && (items == null || items.isEmpty())) {
      tellEnd(failure);
    }
  }

  private void tell(JobMessages.Arrived next, JobMessages items) {
    Flow.Subscriber<? super T> told = subscriber;
    if (told == null) {
      return;
    }
    T item;
    try {
      item = codec.decode(next.message().payload());
    } catch (Throwable e) {
      tellEnd(JobFailedException.itemNotDecoded(items.jobId(), e));
      return;
    }
    wanted.updateAndGet(count -> count == Long.MAX_VALUE ? count : count - 1);
    try {
      told.onNext(item);
    } catch (Throwable e) {
      // It must not throw (rule 2.13), and is as if it had cancelled.
      cancel();
      log(items.jobId(), e);
    }
    items.taken(next);
  }

  private void tellEnd(@Nullable Throwable error) {
    Flow.Subscriber<? super T> told = subscriber;
    if (told == null) {
      return;
    }
    subscriber = null;
    job.end();
    try {
      if (error == null) {
        told.onComplete();
      } else {
        told.onError(error);
      }
    } catch (Throwable e) {
      log(0, e);
    }
  }

  private void log(long jobId, Throwable why) {
    try (LogContext context = LogContext.of(pool.name(), 0, jobId)) {
      Log.LOG.error("pool {}: a subscriber of items threw", pool.name(), why);
    }
  }
}
