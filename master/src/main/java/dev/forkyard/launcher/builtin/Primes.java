package dev.forkyard.launcher.builtin;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.util.Arrays;

/** Counts the primes below N, by a sieve that goes through the numbers in segments. */
public final class Primes implements JobHandler<Long, Long> {

  private static final int SEGMENT = 1 << 16;
  private static final long MAX = 1_000_000_000_000L;

  @Override
  public Long handle(Long below, JobContext context) {
    if (below > MAX) {
      throw new IllegalArgumentException("N must be at most " + MAX + ", but is " + below);
    }
    int[] small = upTo((int) Math.sqrt((double) Math.max(below, 4)) + 1);
    boolean[] composite = new boolean[SEGMENT];
    long count = 0;
    for (long low = 2; low < below; low += SEGMENT) {
      long high = Math.min(low + SEGMENT, below);
      Arrays.fill(composite, false);
      for (int prime : small) {
        long first = Math.max((long) prime * prime, (low + prime - 1) / prime * prime);
        for (long multiple = first; multiple < high; multiple += prime) {
          composite[(int) (multiple - low)] = true;
        }
      }
      for (int i = 0; i < high - low; i++) {
        count += composite[i] ? 0 : 1;
      }
    }
    return count;
  }

  private static int[] upTo(int limit) {
    boolean[] composite = new boolean[limit + 1];
    int[] primes = new int[limit + 1];
    int count = 0;
    for (int n = 2; n <= limit; n++) {
      if (!composite[n]) {
        primes[count++] = n;
        for (long multiple = (long) n * n; multiple <= limit; multiple += n) {
          composite[(int) multiple] = true;
        }
      }
    }
    return Arrays.copyOf(primes, count);
  }
}
