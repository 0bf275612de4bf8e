package dev.forkyard.pool;

import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs one task on some thread of an executor, again whenever it is wanted and never twice at once.
 */
final class Serial implements Runnable {

  private final Executor threads;
  private final Runnable task;

  /** How often it was wanted since it last began. */
  private final AtomicInteger wanted = new AtomicInteger();

  Serial(Executor threads, Runnable task) {
    this.threads = threads;
    this.task = task;
  }

  /** What was done before this call is seen by the task. Returns at once. */
  void want() {
    if (wanted.getAndIncrement() == 0) {
      try {
        threads.execute(this);
      } catch (RejectedExecutionException | OutOfMemoryError noThread) {
        // It waits there for one of those that there are.
        ForkJoinPool.commonPool().execute(this);
      }
    }
  }

  @Override
  public void run() {
    int seen = wanted.get();
    while (seen != 0) {
      task.run();
      seen = wanted.addAndGet(-seen);
    }
  }
}
