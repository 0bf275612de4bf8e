package dev.forkyard.pool;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The places in the queue of a pool: who submits takes one, and the loop gives them back. */
final class Places {

  private final String poolName;
  private final Semaphore free;
  private final AtomicBoolean closed = new AtomicBoolean();

  Places(String poolName, int capacity) {
    this.poolName = poolName;
    // One more is released when the pool is closed.
    this.free = new Semaphore(Math.min(capacity, Integer.MAX_VALUE - 1));
  }

  /**
   * Waits for a place.
   *
   * @return false if none became free in that time
   * @throws JobRejectedException if the pool is closed
   */
  boolean take(long nanos) throws InterruptedException {
    refuseIfClosed();
    if (free.tryAcquire()) {
      return true;
    }
    if (!free.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
      return false;
    }
    if (closed.get()) {
      // For the next one that waits.
      free.release();
      refuseIfClosed();
    }
    return true;
  }

  /** Unless it is closed, does nothing. */
  void refuseIfClosed() {
    if (closed.get()) {
      throw new JobRejectedException("pool " + poolName + " is closed");
    }
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
