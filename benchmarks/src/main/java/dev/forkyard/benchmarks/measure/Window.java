package dev.forkyard.benchmarks.measure;

import java.util.ArrayDeque;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Submits jobs from one thread and keeps the future of each, never more than so many unfinished at
 * a time. When that many are, it waits for the oldest eighth of them.
 */
final class Window {

  private Window() {}

  static long run(int limit, long deadline, Supplier<? extends Future<?>> submit) throws Exception {
    ArrayDeque<Future<?>> unfinished = new ArrayDeque<>(limit);
    long jobs = 0;
    do {
      while (unfinished.size() < limit) {
        unfinished.add(submit.get());
        jobs++;
      }
      for (int i = 0; i < step(limit); i++) {
        unfinished.remove().get();
      }
    } while (System.nanoTime() - deadline < 0);
    for (Future<?> future : unfinished) {
      future.get();
    }
    return jobs;
  }

  /** How many are waited for at a time. */
  static int step(int limit) {
    return Math.max(1, limit / 8);
  }
}
