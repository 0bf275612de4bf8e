package dev.forkyard.pool;

/**
 * A worker process at one moment.
 *
 * @param id its id, never used twice in one pool
 * @param pid its process id; 0 while it is being launched
 * @param assigned how many jobs it holds, the running ones among them
 * @param memoryBytes how much memory it held when it was last looked at, about a second ago at
 *     most; 0 where the pool has no limit of memory, or the system does not tell
 */
public record WorkerInfo(long id, long pid, State state, int assigned, long memoryBytes) {

  /** Where a worker is in its life. */
  public enum State {
    /** It was launched and has not greeted yet. */
    STARTING,
    /** It waits for jobs. */
    READY,
    /** It holds jobs. */
    BUSY,
    /** It ends what it holds and gets no more. */
    DRAINING,
    /** It is being killed. */
    KILLING
  }
}
