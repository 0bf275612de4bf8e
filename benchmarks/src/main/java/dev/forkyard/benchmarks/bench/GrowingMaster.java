package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.workload.Workloads;
import java.lang.management.ManagementFactory;

/** A master that does many jobs, and prints after each part what its heap holds. */
final class GrowingMaster {

  private static final int IN_FLIGHT = 1_024;

  private GrowingMaster() {}

  /** Workers, jobs of a part, parts. Prints bytes, a line a part. */
  public static void main(String[] args) throws Exception {
    try (Contender pool = Pool.ofHandlers(Integer.parseInt(args[0]))) {
      Contender.Flow flow = pool.open(Workloads.echo(16, IN_FLIGHT));
      for (int part = 0; part < Integer.parseInt(args[2]); part++) {
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
          flow.submit();
        }
        flow.finish();
        System.gc();
        System.out.println(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
      }
    }
  }
}
