package dev.forkyard.benchmarks.measure;

import java.util.ArrayDeque;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Submits jobs and keeps the future of each, never more than so many unfinished at a time. When
 * that many are, it waits for the oldest eighth of them.
 */
public final class Window implements Contender.Flow {

  private final int limit;
  private final Supplier<? extends Future<?>> submit;
  private final ArrayDeque<Future<?>> unfinished;

  /** For one thread. */
  public Window(int limit, Supplier<? extends Future<?>> submit) {
    this.limit = limit;
    this.submit = submit;
    this.unfinished = new ArrayDeque<>(limit);
  }

  /** How many are waited for at a time. */
  public static int step(int limit) {
    return Math.max(1, limit / 8);
  }

  @Override
  public void submit() throws Exception {
    if (unfinished.size() == limit) {
      for (int i = 0; i < step(limit); i++) {
        unfinished.remove().get();
      }
    }
    unfinished.add(submit.get());
  }

  @Override
  public void finish() throws Exception {
    while (!unfinished.isEmpty()) {
      unfinished.remove().get();
    }
  }
}
