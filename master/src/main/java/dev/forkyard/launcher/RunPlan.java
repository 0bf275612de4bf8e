package dev.forkyard.launcher;

import dev.forkyard.pool.HandlerRef;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.TextResult;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code forkyard run} was asked to do, checked.
 *
 * @param inputs none: they come from stdin
 * @param workers how many at most
 * @param slots how many jobs each runs at a time
 * @param halt when it ends before the inputs do
 * @param journal where it is noted which inputs are done; null: nowhere
 */
record RunPlan(
    String handlerClass,
    List<String> inputs,
    int workers,
    int slots,
    List<Path> classPath,
    List<String> jvmOptions,
    JobOptions options,
    Halt halt,
    @Nullable Path journal,
    boolean unordered,
    boolean json,
    boolean nullSeparated,
    boolean quiet,
    boolean verbose) {

  HandlerRef<String, TextResult> handler() {
    return HandlerRef.text(handlerClass);
  }

  boolean fromStdin() {
    return inputs.isEmpty();
  }
}
