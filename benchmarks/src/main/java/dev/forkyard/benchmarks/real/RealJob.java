package dev.forkyard.benchmarks.real;

import dev.forkyard.worker.JobHandler;
import java.util.List;

/**
 * One kind of work, and all of its inputs.
 *
 * @param inline the same in this process
 * @param script the same by programs, for {@code sh -c}: the input is {@code $1}
 */
record RealJob<O>(
    String name,
    List<String> inputs,
    Class<? extends JobHandler<String, O>> handler,
    Inline inline,
    String script) {

  /** What a handler does. */
  interface Inline {
    Object run(String input) throws Exception;
  }
}
