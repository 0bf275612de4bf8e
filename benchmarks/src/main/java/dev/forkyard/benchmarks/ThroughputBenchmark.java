package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Workloads;
import org.openjdk.jmh.annotations.Param;

/** Bytes there and back; of large ones fewer are in flight, 8 MiB a worker. */
public class ThroughputBenchmark extends FlowBenchmark {

  @Param({"pool", "probe", "threads"})
  private String by = "";

  @Param({"16", "1024", "65536", "1048576"})
  private int bytes;

  @Param({"16", "128", "1024"})
  private int inFlight;

  @Override
  String contender() {
    return by;
  }

  @Override
  Workload<?, ?> workload() {
    return Workloads.echo(bytes, inFlight);
  }
}
