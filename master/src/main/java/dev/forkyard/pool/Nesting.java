package dev.forkyard.pool;

import dev.forkyard.worker.InProcessWorker;
import org.jspecify.annotations.Nullable;

/**
 * How many pools there are around this process, whose jobs started it, and how many there may be. A
 * pool tells its workers by their environment, which what they start inherits: so a handler that
 * builds a pool whose handler builds a pool comes to an end, and a clear one.
 */
final class Nesting {

  /** The number of pools around a process, and the limit of the outermost, as {@code 1/3}. */
  static final String VARIABLE = "FORKYARD_DEPTH";

  static final int DEFAULT_LIMIT = 3;

  private final int around;
  private final int limit;

  private Nesting(int around, int limit) {
    this.around = around;
    this.limit = limit;
  }

  /**
   * Of a pool in this process.
   *
   * @param limit as its builder was told; 0 is what the pool around it has
   */
  static Nesting of(int limit) {
    Nesting told = of(System.getenv(VARIABLE), limit);
    return new Nesting(told.around + InProcessWorker.depthHere(), told.limit);
  }

  /** Whoever wrote something else there started this process by itself. */
  static Nesting of(@Nullable String told, int limit) {
    int around = 0;
    int inherited = DEFAULT_LIMIT;
    if (told != null && told.matches("[0-9]{1,6}/[0-9]{1,6}")) {
      String[] numbers = told.split("/", 2);
      around = Integer.parseInt(numbers[0]);
      inherited = Integer.parseInt(numbers[1]);
    }
    return new Nesting(around, limit == 0 ? inherited : limit);
  }

  /** What workers of the pool find in their environment. */
  String ofWorkers() {
    return (around + 1) + "/" + limit;
  }

  /**
   * Refuses a pool that is too deep.
   *
   * @throws IllegalStateException if it is
   */
  void check(String pool) {
    if (around >= limit) {
      throw new IllegalStateException(
          "pool "
              + pool
              + " would have "
              + around
              + " pools around it, in whose jobs this process was started, and maxDepth is "
              + limit
              + " pools in all; submit the work to the outermost pool instead, or raise maxDepth"
              + " there");
    }
  }
}
