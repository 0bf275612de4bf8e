package dev.forkyard.pool;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Daemon threads that hear what jobs send: one for each job of which something is being heard, so
 * that a slow listener holds up no other. They are there when they are needed, also after the end
 * of the pool.
 */
final class MessageThreads implements Executor {

  private static final int IDLE_SECONDS = 1;

  private final ThreadPoolExecutor threads;

  MessageThreads(String poolName) {
    AtomicInteger count = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, poolName + "-messages-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  @Override
  public void execute(Runnable task) {
    threads.execute(task);
  }
}
