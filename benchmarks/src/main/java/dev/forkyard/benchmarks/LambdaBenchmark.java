package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Workloads;
import org.openjdk.jmh.annotations.Param;

/** Lambdas that capture 16 bytes and return them: serialized against called here. */
public class LambdaBenchmark extends FlowBenchmark {

  private static final int BYTES = 16;

  @Param({"lambdas", "pool", "threads"})
  private String by = "";

  @Param({"16", "128", "1024"})
  private int inFlight;

  @Override
  String contender() {
    return by;
  }

  @Override
  Workload<?, ?> workload() {
    return Workloads.echo(BYTES, inFlight);
  }
}
