package dev.forkyard.process;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs users' callbacks, one after the other for each child, on threads that all children share and
 * that end when there is nothing to do. A callback that blocks holds up its own child's alone.
 */
final class Callbacks implements Executor {

  private static final int IDLE_SECONDS = 2;
  private static final int RETRY_MILLIS = 100;

  private static final Executor THREADS = threads("forkyard-callback-");

  /** What the system has no thread for comes again on this one's, which stays. */
  private static final ScheduledThreadPoolExecutor RETRIES =
      new ScheduledThreadPoolExecutor(1, daemons("forkyard-retry-"));

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean running;

  Callbacks() {
    // Before there is a child: later it may be the one that can't be had.
    RETRIES.prestartCoreThread();
  }

  /**
   * As many threads as are needed, which end when there is nothing to do for a while. A task for
   * which there is none waits until there is: it may be all that tells of a child's end.
   */
  static Executor threads(String name) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            daemons(name));
    return task -> execute(threads, task);
  }

  private static ThreadFactory daemons(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  private static void execute(Executor threads, Runnable task) {
    try {
      threads.execute(task);
    } catch (OutOfMemoryError noThread) {
      var unused =
          RETRIES.schedule(() -> execute(threads, task), RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** For what need not come in any order. */
  static Executor unordered() {
    return THREADS;
  }

  @Override
  public void execute(Runnable callback) {
    synchronized (waiting) {
      waiting.addLast(callback);
      if (running) {
        return;
      }
      running = true;
    }
    THREADS.execute(this::run);
  }

  private void run() {
    for (Runnable next = next(); next != null; next = next()) {
      try {
        next.run();
        // An interrupt that it leaves behind is not for the next one.
        Thread.interrupted();
      } catch (RuntimeException | Error thrown) {
        report(thrown);
      }
    }
  }

  private @Nullable Runnable next() {
    synchronized (waiting) {
      Runnable next = waiting.pollFirst();
      running = next != null;
      return next;
    }
  }

  /** A callback that throws is its author's, and must stop nothing else. */
  static void report(Throwable thrown) {
    Thread thread = Thread.currentThread();
    try {
      thread.getThreadGroup().uncaughtException(thread, thrown);
    } catch (RuntimeException | Error byTheHandler) {
      // The JVM ignores what a handler throws, too.
    }
  }
}
