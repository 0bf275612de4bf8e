package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.OneThread;
import dev.forkyard.benchmarks.measure.Pool;
import dev.forkyard.benchmarks.measure.Probe;
import dev.forkyard.benchmarks.measure.Threads;

/** Contenders by their names in JMH's parameters. */
final class Contenders {

  private Contenders() {}

  static Contender open(String name, int workers) throws Exception {
    return switch (name) {
      case "pool" -> Pool.ofHandlers(workers);
      case "lambdas" -> Pool.ofLambdas(workers);
      case "threads" -> new Threads(workers);
      case "thread" -> new OneThread();
      case "probe" -> new Probe(workers);
      default -> throw new IllegalArgumentException("no contender is named " + name);
    };
  }
}
