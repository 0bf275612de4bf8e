package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.workload.Echo;
import dev.forkyard.pool.ProcessPool;
import java.nio.file.Path;

/** A program from nothing to a pool's first result, which it prints. */
final class FirstResult {

  private FirstResult() {}

  /** The arguments are the number of workers and where their archive lies; empty is none. */
  public static void main(String[] args) throws Exception {
    ProcessPool.Builder builder = ProcessPool.builder().workers(Integer.parseInt(args[0]));
    builder =
        args[1].isEmpty()
            ? builder.classDataSharing(false)
            : builder.cacheDirectory(Path.of(args[1]));
    try (ProcessPool pool = builder.build()) {
      System.out.println(pool.submit(Echo.class, new byte[16]).get().length);
    }
  }
}
