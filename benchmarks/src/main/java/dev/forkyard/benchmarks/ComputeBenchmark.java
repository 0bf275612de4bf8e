package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Compute;
import dev.forkyard.benchmarks.workload.Workloads;
import java.time.Duration;
import org.openjdk.jmh.annotations.Param;

/** Jobs that take so many microseconds of CPU. */
public class ComputeBenchmark extends FlowBenchmark {

  private static final int IN_FLIGHT = 128;

  @Param({"pool", "threads", "thread"})
  private String by = "";

  @Param({"10", "100", "1000", "10000"})
  private int micros;

  @Override
  String contender() {
    return by;
  }

  @Override
  Workload<?, ?> workload() {
    return Workloads.compute(Duration.ofNanos(micros * 1000L), Compute.stepsPerMicro(), IN_FLIGHT);
  }
}
