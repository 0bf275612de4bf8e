package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.WorkerView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a {@link WorkerChoice}, and puts up with all that it may do. Used on the loop alone. */
final class Chooser {

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private static final int NONE = -1;

  private final String poolName;
  private final WorkerChoice choice;
  private boolean told;

  Chooser(String poolName, WorkerChoice choice) {
    this.poolName = poolName;
    this.choice = choice;
  }

  /**
   * The index of the one that was chosen; none where that went wrong.
   *
   * @param pids answers with the process id of a worker
   */
  int choose(List<WorkerView> views, LongUnaryOperator pids) {
    long now = System.nanoTime();
    List<WorkerChoice.Candidate> candidates = new ArrayList<>(views.size());
    for (WorkerView view : views) {
      candidates.add(
          new WorkerChoice.Candidate(
              view.id(),
              pids.applyAsLong(view.id()),
              view.load(),
              view.answered(),
              Duration.ofNanos(now - view.bornNanos())));
    }
    try {
      int index = choice.choose(List.copyOf(candidates));
      if (index >= 0 && index < candidates.size()) {
        return index;
      }
      tell("answered with " + index + " where there were " + candidates.size() + " workers", null);
    } catch (Exception | StackOverflowError | LinkageError | AssertionError e) {
      // Kotlin's and others' throw what is checked here without saying so.
      tell("failed", e);
    }
    return NONE;
  }

  private void tell(String what, @Nullable Throwable why) {
    if (!told) {
      told = true;
      try (LogContext context = LogContext.of(poolName, 0, 0)) {
        Log.LOG.error(
            "pool {}: its workerChoice {}; the pool chooses then, and this is told once",
            poolName,
            what,
            why);
      }
    }
  }
}
