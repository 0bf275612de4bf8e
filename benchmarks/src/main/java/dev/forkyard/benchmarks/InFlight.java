package dev.forkyard.benchmarks;

import java.util.ArrayDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.openjdk.jmh.infra.Blackhole;

/** Submits many jobs, never more than so many unfinished ones at a time. */
final class InFlight {

  private final int limit;
  private final ArrayDeque<Future<byte[]>> unfinished;

  InFlight(int limit) {
    this.limit = limit;
    this.unfinished = new ArrayDeque<>(limit);
  }

  void run(int jobs, Supplier<Future<byte[]>> submit, Blackhole results)
      throws InterruptedException, ExecutionException {
    for (int i = 0; i < jobs; i++) {
      if (unfinished.size() == limit) {
        results.consume(unfinished.remove().get());
      }
      unfinished.add(submit.get());
    }
    while (!unfinished.isEmpty()) {
      results.consume(unfinished.remove().get());
    }
  }
}
