package dev.forkyard.benchmarks.measure;

import java.util.List;

/** One way of running jobs, measured against others. */
public interface Contender extends AutoCloseable {

  /** Its name in tables. */
  String name();

  /**
   * Runs jobs, as many at a time as the workload says, until the deadline has passed and all have
   * ended.
   *
   * @param deadline as {@link System#nanoTime} tells it
   * @return how many
   */
  long run(Workload<?, ?> workload, long deadline) throws Exception;

  /** Runs one job and waits for its result. */
  void call(Workload<?, ?> workload) throws Exception;

  /** The processes beside this one that do the work. */
  default List<Long> workerPids() {
    return List.of();
  }

  @Override
  default void close() throws Exception {}
}
