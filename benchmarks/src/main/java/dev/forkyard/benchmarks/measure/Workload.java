package dev.forkyard.benchmarks.measure;

import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.SerializableCallable;

/**
 * One kind of job and how many of it are in flight.
 *
 * @param handler what runs in a worker
 * @param input what is submitted, each time
 * @param inline the same job in this process; also what is submitted as a lambda
 * @param inFlight unfinished jobs for each worker or thread
 */
public record Workload<I, O>(
    String name,
    Class<? extends JobHandler<I, O>> handler,
    I input,
    SerializableCallable<O> inline,
    int inFlight) {

  /** The same under another name. */
  public Workload<I, O> named(String other) {
    return new Workload<>(other, handler, input, inline, inFlight);
  }
}
