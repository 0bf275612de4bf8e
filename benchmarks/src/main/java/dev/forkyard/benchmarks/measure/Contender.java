package dev.forkyard.benchmarks.measure;

import java.util.List;

/** One way of running jobs, measured against others. */
public interface Contender extends AutoCloseable {

  /** Its name in tables. */
  String name();

  /** Begins to run jobs, as many at a time as the workload says. */
  Flow open(Workload<?, ?> workload);

  /** Jobs of one kind, submitted by one thread. */
  interface Flow {

    /** Submits one more job; waits first if too many are unfinished. */
    void submit() throws Exception;

    /** Waits until all have ended. */
    void finish() throws Exception;
  }

  /** Runs one job and waits for its result. */
  void call(Workload<?, ?> workload) throws Exception;

  /**
   * Runs jobs until the deadline has passed and all have ended.
   *
   * @param deadline as {@link System#nanoTime} tells it
   * @return how many
   */
  default long run(Workload<?, ?> workload, long deadline) throws Exception {
    Flow flow = open(workload);
    int stride = Window.step(workload.inFlight());
    long jobs = 0;
    do {
      for (int i = 0; i < stride; i++) {
        flow.submit();
      }
      jobs += stride;
    } while (System.nanoTime() - deadline < 0);
    flow.finish();
    return jobs;
  }

  /** The processes beside this one that do the work. */
  default List<Long> workerPids() {
    return List.of();
  }

  @Override
  default void close() throws Exception {}
}
