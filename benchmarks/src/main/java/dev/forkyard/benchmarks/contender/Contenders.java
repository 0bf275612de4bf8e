package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;

/** Contenders by their names in JMH's parameters. */
public final class Contenders {

  private Contenders() {}

  /** Starts it. */
  public static Contender open(String name, int workers) throws Exception {
    return switch (name) {
      case "pool" -> Pool.ofHandlers(workers);
      case "lambdas" -> Pool.ofLambdas(workers);
      case "spins" -> Pool.spinning();
      case "threads" -> new Threads(workers);
      case "thread" -> new OneThread();
      case "probe" -> new Probe(workers);
      default -> throw new IllegalArgumentException("no contender is named " + name);
    };
  }
}
