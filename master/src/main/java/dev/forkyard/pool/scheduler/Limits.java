package dev.forkyard.pool.scheduler;

/**
 * What workers may do and take until they are replaced by fresh ones; 0 is without limit.
 *
 * @param jobs after how many jobs it is replaced
 * @param ageNanos how old it may get
 * @param memoryBytes how much memory it may hold between two jobs
 * @param budgetBytes how much memory all workers may hold together
 */
public record Limits(int jobs, long ageNanos, long memoryBytes, long budgetBytes) {

  /** Workers stay until they end by themselves. */
  public static final Limits NONE = new Limits(0, 0, 0, 0);

  /** Whether it matters how much memory workers hold. */
  public boolean ofMemory() {
    return memoryBytes > 0 || budgetBytes > 0;
  }

  /** Whether a worker holds so much that it must not go on. */
  public boolean exceededBy(long bytes) {
    return memoryBytes > 0 && bytes > memoryBytes;
  }

  /** Whether a worker that has had no job holds so much that none like it could have one. */
  public boolean exceededByFresh(long bytes) {
    return exceededBy(bytes) || (budgetBytes > 0 && bytes > budgetBytes);
  }
}
