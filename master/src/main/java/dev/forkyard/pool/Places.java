package dev.forkyard.pool;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The places in the queue of a pool: who submits takes one, and the loop gives them back. */
final class Places {

  private final PoolConfig config;
  private final long timeoutNanos;
  private final Semaphore free;
  private final AtomicBoolean closed = new AtomicBoolean();

  Places(PoolConfig config) {
    this.config = config;
    Duration timeout = config.submitTimeout();
    this.timeoutNanos = timeout == null ? Long.MAX_VALUE : JobOptions.nanos(timeout);
    // One more is released when the pool is closed.
    this.free = new Semaphore(Math.min(config.queueCapacity(), Integer.MAX_VALUE - 1));
  }

  /**
   * Waits for a place, as long as the pool's settings say and the caller wants.
   *
   * @return false if the caller's time was up first
   * @throws JobRejectedException if the pool is closed, or its own time was up first
   */
  boolean take(long nanos) throws InterruptedException {
    refuseIfClosed();
    if (free.tryAcquire()) {
      return true;
    }
    if (!acquire(Math.min(nanos, timeoutNanos))) {
      if (nanos < timeoutNanos) {
        return false;
      }
      throw full();
    }
    if (closed.get()) {
      // For the next one that waits.
      free.release();
      refuseIfClosed();
    }
    return true;
  }

  private boolean acquire(long nanos) throws InterruptedException {
    if (nanos < Long.MAX_VALUE) {
      return free.tryAcquire(nanos, TimeUnit.NANOSECONDS);
    }
    free.acquire();
    return true;
  }

  private JobRejectedException full() {
    return new JobRejectedException(
        "the queue of pool "
            + config.name()
            + " is full: "
            + config.queueCapacity()
            + " jobs wait in it (queueCapacity), and none left it within "
            + Delivery.text(Duration.ofNanos(timeoutNanos))
            + " (submitTimeout); submit less at a time, or raise one of the two");
  }

  /** Unless it is closed, does nothing. */
  void refuseIfClosed() {
    if (closed.get()) {
      throw new JobRejectedException("pool " + config.name() + " is closed");
    }
  }

  /** How many there are at this moment. */
  int free() {
    return Math.max(0, free.availablePermits());
  }

  void giveBack(int count) {
    free.release(count);
  }

  /** From now on none is taken. */
  void close() {
    if (!closed.getAndSet(true)) {
      // Wakes one of those that wait for a place, which wakes the next.
      free.release();
    }
  }

  boolean isClosed() {
    return closed.get();
  }
}
