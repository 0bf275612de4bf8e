package dev.forkyard.process;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
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

  private static final Executor THREADS = threads("forkyard-callback-");

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean running;

  /** As many threads as are needed, which end when there is nothing to do for a while. */
  static Executor threads(String name) {
    AtomicInteger count = new AtomicInteger();
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        IDLE_SECONDS,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = new Thread(task, name + count.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
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
