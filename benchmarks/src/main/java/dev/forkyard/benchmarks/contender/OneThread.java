package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Workload;

/** The thread that asks runs the job itself. */
public final class OneThread implements Contender {

  private static volatile Object last = "";

  @Override
  public String name() {
    return "one thread";
  }

  @Override
  public Flow open(Workload<?, ?> workload) {
    return new Flow() {
      @Override
      public void submit() throws Exception {
        call(workload);
      }

      @Override
      public void finish() {}
    };
  }

  @Override
  public void call(Workload<?, ?> workload) throws Exception {
    // Kept, so that the compiler can't leave the job out.
    last = workload.inline().call();
  }

  @Override
  public String toString() {
    return "one thread, last " + last;
  }
}
