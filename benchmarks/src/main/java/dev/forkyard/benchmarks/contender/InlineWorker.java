package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.workload.Compute;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A process that does {@link Compute} jobs without being asked for each: what cores can do at most.
 */
public final class InlineWorker {

  /** Kept, so that the compiler can't leave a job out. */
  static volatile long last;

  private InlineWorker() {}

  /** For each line {@code STEPS NANOS} does jobs for so long, and prints how many. */
  public static void main(String[] args) throws IOException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      String[] words = order.split(" ");
      System.out.println(run(Long.parseLong(words[0]), Long.parseLong(words[1])));
    }
  }

  private static long run(long steps, long nanos) {
    long deadline = System.nanoTime() + nanos;
    long jobs = 0;
    do {
      last = Compute.run(steps);
      jobs++;
    } while (System.nanoTime() - deadline < 0);
    return jobs;
  }
}
