package dev.forkyard.pool.scheduler;

/**
 * What a worker may do and take until it is replaced by a fresh one; 0 is without limit.
 *
 * @param jobs after how many jobs it is replaced
 * @param ageNanos how old it may get
 * @param memoryBytes how much memory it may hold between two jobs
 */
public record Limits(int jobs, long ageNanos, long memoryBytes) {

  /** Workers stay until they end by themselves. */
  public static final Limits NONE = new Limits(0, 0, 0);

  /** Whether it matters how much memory workers hold. */
  public boolean ofMemory() {
    return memoryBytes > 0;
  }
}
