package dev.forkyard.pool.scheduler;

/**
 * The scheduler's limits; every wait in it has one.
 *
 * @param minWorkers how many workers live even without jobs
 * @param maxWorkers how many live at most
 * @param spareWorkers how many live beyond those that there are jobs for, as far as may be
 * @param idleNanos how long a worker may idle until it goes, where there are more than should be; 0
 *     is without limit
 * @param slots how many jobs a worker runs at once
 * @param maxPrefetch how many jobs a worker may hold beyond those that run
 * @param prefetchNanos how much work, by the measured run time, a worker may hold beyond the
 *     running jobs
 * @param maxBytesInFlight payload bytes a worker may hold at once where jobs wait there for a slot
 * @param bootNanos from launch to greeting
 * @param dumpNanos from a condemnation to SIGTERM, in which the thread dump is awaited
 * @param hardNanos from a condemnation to SIGKILL
 * @param drainNanos from the request to drain to the end of the process
 * @param lastWordsNanos how long the second half of a death (exit, end of socket) is awaited after
 *     the first
 * @param abandonNanos from SIGKILL until a worker counts as dead though its end was not seen
 * @param recallNanos how long a worker may keep silent about a recalled job, while nothing large is
 *     on its way to or from it
 * @param pulseNanos how long the first job in a worker's hands may neither run nor be replied for,
 *     while nothing large is on its way to or from the worker, until the worker is killed
 * @param lookNanos how often it is looked whether a worker shows signs of life
 * @param idleLooks after how many looks without any a worker is killed that runs no job
 * @param runningLooks the same for one that runs a job
 * @param firstBootBudget how many boots may fail in the same way, by themselves, before any has
 *     succeeded, until the pool is broken
 * @param bootBudget how many boots may fail in a row before the pool is broken
 * @param killedBootBudget how many boots in a row may be ended from outside, by a SIGKILL or
 *     SIGTERM that is not the pool's, before the pool is broken. Memory may be short for a while,
 *     or an operator at work; so it is larger, but it is one, since jobs wait for it: with the
 *     longest pause between boots it lasts about ten minutes
 * @param minBackoffNanos the pause after the first failed boot, doubled with each further one
 * @param maxBackoffNanos the longest pause
 * @param levelNanos by how much earlier a job counts as submitted for each level of its priority
 * @param maxKeys how many keys of affinity are remembered
 * @param limits of each worker, by which it is replaced
 * @param seed of the chance by which pauses and limits differ a little
 */
public record SchedulerConfig(
    int minWorkers,
    int maxWorkers,
    int spareWorkers,
    long idleNanos,
    int slots,
    int maxPrefetch,
    long prefetchNanos,
    long maxBytesInFlight,
    long bootNanos,
    long dumpNanos,
    long hardNanos,
    long drainNanos,
    long lastWordsNanos,
    long abandonNanos,
    long recallNanos,
    long pulseNanos,
    long lookNanos,
    int idleLooks,
    int runningLooks,
    int firstBootBudget,
    int bootBudget,
    int killedBootBudget,
    long minBackoffNanos,
    long maxBackoffNanos,
    long levelNanos,
    int maxKeys,
    Limits limits,
    long seed) {

  private static final long MILLIS = 1_000_000;
  private static final long SECONDS = 1_000 * MILLIS;

  /** A hundred years, to which the clock can be added. */
  private static final long FOR_EVER = 100L * 365 * 24 * 3_600 * SECONDS;

  /** What a pool uses where its builder says nothing. */
  public static SchedulerConfig of(
      int minWorkers,
      int maxWorkers,
      int spareWorkers,
      long idleNanos,
      int slots,
      int maxPrefetch,
      long bootNanos,
      long frozenNanos,
      long drainNanos,
      Limits limits,
      long seed) {
    int looks = (int) Math.max(1, Math.min(frozenNanos / SECONDS, 1_000_000_000));
    return new SchedulerConfig(
        minWorkers,
        maxWorkers,
        spareWorkers,
        idleNanos,
        slots,
        maxPrefetch,
        5 * MILLIS,
        1 << 20,
        bootNanos,
        100 * MILLIS,
        200 * MILLIS,
        drainNanos,
        1 * SECONDS,
        10 * SECONDS,
        5 * SECONDS,
        10 * SECONDS,
        1 * SECONDS,
        Math.min(3, looks),
        looks,
        2,
        6,
        60,
        100 * MILLIS,
        10 * SECONDS,
        10 * SECONDS,
        1 << 16,
        limits,
        seed);
  }

  /**
   * The same for workers at which a debugger may look: however long they stand still they are not
   * taken for stuck, while they boot and afterwards.
   */
  public SchedulerConfig patient() {
    return new SchedulerConfig(
        minWorkers,
        maxWorkers,
        spareWorkers,
        idleNanos,
        slots,
        maxPrefetch,
        prefetchNanos,
        maxBytesInFlight,
        FOR_EVER,
        dumpNanos,
        hardNanos,
        drainNanos,
        lastWordsNanos,
        abandonNanos,
        FOR_EVER,
        FOR_EVER,
        lookNanos,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE,
        firstBootBudget,
        bootBudget,
        killedBootBudget,
        minBackoffNanos,
        maxBackoffNanos,
        levelNanos,
        maxKeys,
        limits,
        seed);
  }
}
