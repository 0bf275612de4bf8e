package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.workload.Echo;
import dev.forkyard.pool.ProcessPool;

/** A program from nothing to a pool's first result, which it prints. */
final class FirstResult {

  private FirstResult() {}

  /** The argument is the number of workers. */
  public static void main(String[] args) throws Exception {
    try (ProcessPool pool = ProcessPool.builder().workers(Integer.parseInt(args[0])).build()) {
      System.out.println(pool.submit(Echo.class, new byte[16]).get().length);
    }
  }
}
