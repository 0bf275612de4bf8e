package dev.forkyard.pool;

import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes futures off the event loop, and so runs users' callbacks.
 *
 * <p>Normally one drainer empties the queue. A callback may block, or wait for another job of the
 * same pool, so the loop looks in from time to time ({@link #rescue}): if futures wait and the
 * drainer has completed none since the last look, it is stuck, and another takes its place; when
 * its callback returns it finds itself replaced and goes. So a callback holds up others for one
 * look at most, once, and there are only as many threads as there are stuck callbacks and one.
 *
 * <p>Where a user's executor would run a drainer on the event loop, or refuses it, it runs on a
 * thread of the pool's own.
 */
final class Completer implements AutoCloseable {

  /** How often the loop is to call {@link #rescue} while {@link #waiting}. */
  static final long LOOK_NANOS = 5_000_000;

  /** How often the loop is to call {@link #endLingering} while something {@link #lingers}. */
  static final long LINGER_NANOS = 4_000_000;

  private static final int IDLE_SECONDS = 1;

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private final String poolName;
  private final ConcurrentLinkedQueue<Batch> queue = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable Drainer> current = new AtomicReference<>();
  private final AtomicBoolean looking = new AtomicBoolean();
  private final ThreadFactory factory;
  private final ThreadPoolExecutor owned;
  private final Executor threads;
  private final BooleanSupplier onLoop;
  private volatile boolean closed;

  /** Delivered, and nobody had come for them then. Guarded by itself. */
  private final List<JobFuture<?>> lingering = new ArrayList<>();

  private @Nullable Drainer seenAtLook;
  private long completedAtLook;

  /**
   * Uses the given executor, or threads of its own.
   *
   * @param onLoop whether the calling thread is the event loop's
   */
  Completer(String poolName, @Nullable Executor executor, BooleanSupplier onLoop) {
    this.poolName = poolName;
    this.onLoop = onLoop;
    AtomicInteger count = new AtomicInteger();
    factory =
        task -> {
          Thread thread = new Thread(task, poolName + "-completer-" + count.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        };
    owned =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            factory);
    threads = executor == null ? owned : executor;
  }

  /** Futures that got their deliveries together. Each is taken once. */
  private static final class Batch {

    private final @Nullable JobFuture<?>[] futures;
    private final AtomicInteger next = new AtomicInteger();

    Batch(@Nullable JobFuture<?>[] futures) {
      this.futures = futures;
    }

    boolean hasMore() {
      return next.get() < futures.length;
    }

    @Nullable JobFuture<?> take() {
      int taken = next.getAndIncrement();
      return taken < futures.length ? futures[taken] : null;
    }
  }

  /**
   * These have their deliveries: wakes who waits for one, and completes those that are awaited
   * otherwise. The rest lingers, most likely until its caller comes for it and saves a thread the
   * way, and at most until {@link #endLingering}.
   */
  void execute(List<JobFuture<?>> delivered) {
    // Who begins to wait from here on sees the delivery, and who began before is seen.
    VarHandle.fullFence();
    List<JobFuture<?>> awaited = new ArrayList<>(0);
    synchronized (lingering) {
      for (JobFuture<?> future : delivered) {
        boolean woken = future.wake();
        if (future.isComplete()) {
          future.settle();
        } else if (!woken || future.hasDependents()) {
          (closed || future.isAwaited() ? awaited : lingering).add(future);
        }
      }
    }
    complete(awaited);
  }

  /** Completes these, which have their deliveries, on a thread for callbacks. From any thread. */
  void complete(List<JobFuture<?>> futures) {
    if (!futures.isEmpty()) {
      queue.add(new Batch(futures.toArray(new JobFuture<?>[0])));
      if (current.get() == null) {
        replace(null);
      } else if (closed) {
        lookOn();
      }
    }
  }

  /** Whether {@link #endLingering} is to be called after {@link #LINGER_NANOS}. */
  boolean lingers() {
    synchronized (lingering) {
      return !lingering.isEmpty();
    }
  }

  /** Those that linger, and that nobody has come for, are completed here after all. */
  void endLingering() {
    List<JobFuture<?>> left;
    synchronized (lingering) {
      left = lingering.stream().filter(future -> !future.isComplete()).toList();
      lingering.clear();
    }
    complete(left);
  }

  boolean waiting() {
    for (Batch batch : queue) {
      if (batch.hasMore()) {
        return true;
      }
    }
    return false;
  }

  /** On the loop: replaces a drainer that is stuck. */
  void rescue() {
    Drainer drainer = current.get();
    if (!waiting()) {
      seenAtLook = null;
      return;
    }
    if (drainer == null) {
      replace(null);
    } else if (drainer == seenAtLook && drainer.completed.get() == completedAtLook) {
      rescue(drainer);
    }
    seenAtLook = current.get();
    completedAtLook = seenAtLook == null ? 0 : seenAtLook.completed.get();
  }

  private void rescue(Drainer drainer) {
    if (drainer.started) {
      replace(drainer);
    } else if (threads instanceof ExecutorService user && user.isShutdown()) {
      // One that waits for a thread of a user's executor is not helped by another that waits, but
      // this one may wait for ever.
      Drainer next = new Drainer();
      if (current.compareAndSet(drainer, next)) {
        startOwned(next);
      }
    }
  }

  private void replace(@Nullable Drainer former) {
    Drainer next = new Drainer();
    if (current.compareAndSet(former, next)) {
      try {
        threads.execute(next);
      } catch (RuntimeException | Error refused) {
        startOwned(next);
      }
    }
  }

  private void startOwned(Drainer drainer) {
    try {
      if (owned.isShutdown()) {
        factory.newThread(drainer).start();
      } else {
        owned.execute(drainer);
      }
    } catch (RuntimeException | Error noThread) {
      try (LogContext context = LogContext.of(poolName, 0, 0)) {
        Log.LOG.error("a thread for callbacks can't be started; it is tried again", noThread);
      }
      current.compareAndSet(drainer, null);
    }
  }

  /** Empties the queue, as long as no other has taken its place. */
  private final class Drainer implements Runnable {

    final AtomicLong completed = new AtomicLong();
    volatile boolean started;

    @Override
    public void run() {
      if (current.get() != this) {
        return;
      }
      if (onLoop.getAsBoolean()) {
        startOwned(this);
        return;
      }
      started = true;
      while (current.get() == this) {
        Batch batch = queue.peek();
        JobFuture<?> future = batch == null ? null : batch.take();
        if (future != null) {
          settle(future);
          completed.lazySet(completed.get() + 1);
        } else if (batch != null) {
          queue.remove(batch);
        } else if (!current.compareAndSet(this, null)
            || queue.isEmpty()
            || !current.compareAndSet(null, this)) {
          return;
        }
      }
    }

    private void settle(JobFuture<?> future) {
      try {
        future.settle();
      } catch (RuntimeException | Error e) {
        try (LogContext context = LogContext.of(poolName, 0, future.jobId())) {
          Log.LOG.error("job {} could not be completed", future.jobId(), e);
        }
      }
    }
  }

  /** The loop, which looked in, has ended; what still waits behind a stuck callback must not. */
  @Override
  public void close() {
    synchronized (lingering) {
      closed = true;
    }
    endLingering();
    owned.shutdown();
    if (waiting()) {
      lookOn();
    }
  }

  private void lookOn() {
    if (looking.compareAndSet(false, true)) {
      factory.newThread(this::lookUntilEmpty).start();
    }
  }

  private void lookUntilEmpty() {
    do {
      while (waiting()) {
        rescue();
        LockSupport.parkNanos(LOOK_NANOS);
      }
      looking.set(false);
    } while (waiting() && looking.compareAndSet(false, true));
  }
}
