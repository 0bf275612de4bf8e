package dev.forkyard.pool;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Completes futures off the event loop, and so runs users' callbacks.
 *
 * <p>Normally one thread drains the queue. A callback may block, or wait for another job of the
 * same pool, so the loop looks in from time to time ({@link #rescue}): if futures wait and none was
 * completed since the last look, the thread is stuck and another one takes over. So a callback
 * holds up others for one look at most, and there are only as many threads as there are stuck
 * callbacks and one.
 */
final class Completer implements AutoCloseable {

  /** How often the loop is to call {@link #rescue} while {@link #waiting}. */
  static final long LOOK_NANOS = 5_000_000;

  private static final int IDLE_SECONDS = 1;

  private final ConcurrentLinkedQueue<JobFuture<?>> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger drainers = new AtomicInteger();
  private final AtomicLong completed = new AtomicLong();
  private final Executor threads;
  private final @Nullable ExecutorService owned;

  private long completedAtLook = -1;

  /** Uses the given executor, or threads of its own. */
  Completer(String poolName, @Nullable Executor executor) {
    if (executor == null) {
      AtomicInteger count = new AtomicInteger();
      owned =
          new ThreadPoolExecutor(
              0,
              Integer.MAX_VALUE,
              IDLE_SECONDS,
              TimeUnit.SECONDS,
              new SynchronousQueue<>(),
              task -> {
                Thread thread =
                    new Thread(task, poolName + "-completer-" + count.incrementAndGet());
                thread.setDaemon(true);
                return thread;
              });
      threads = owned;
    } else {
      owned = null;
      threads = executor;
    }
  }

  /** Any thread: the future has its delivery. */
  void execute(JobFuture<?> future) {
    queue.add(future);
    if (drainers.compareAndSet(0, 1)) {
      startDrainer();
    }
  }

  boolean waiting() {
    return !queue.isEmpty();
  }

  /** On the loop: adds a thread if those there are stuck. */
  void rescue() {
    long now = completed.get();
    if (waiting() && now == completedAtLook) {
      drainers.incrementAndGet();
      startDrainer();
    }
    completedAtLook = now;
  }

  private void startDrainer() {
    try {
      threads.execute(this::drain);
    } catch (RuntimeException refused) {
      // A user's executor that is shut down must not leave futures open.
      drain();
    }
  }

  private void drain() {
    do {
      for (JobFuture<?> future = queue.poll(); future != null; future = queue.poll()) {
        try {
          future.settle();
        } finally {
          completed.incrementAndGet();
        }
      }
      drainers.decrementAndGet();
    } while (!queue.isEmpty() && drainers.compareAndSet(0, 1));
  }

  @Override
  public void close() {
    if (owned != null) {
      owned.shutdown();
    }
  }
}
