package dev.forkyard.launcher;

import dev.forkyard.pool.HandlerRef;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.TextResult;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code forkyard run} was asked to do, checked.
 *
 * @param inputs none: they come from stdin
 * @param workers how many at most
 */
record RunPlan(
    HandlerRef<String, TextResult> handler,
    List<String> inputs,
    int workers,
    List<Path> classPath,
    List<String> jvmOptions,
    JobOptions options,
    boolean unordered,
    boolean json,
    boolean nullSeparated,
    boolean quiet,
    boolean verbose) {

  boolean fromStdin() {
    return inputs.isEmpty();
  }
}
