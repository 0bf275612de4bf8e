package dev.forkyard.pool;

import dev.forkyard.worker.JobDefaults;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The options of jobs that are submitted without: those that the pool's builder was given for their
 * handler, or else the pool's own, with what the handler's annotation says in place of theirs.
 *
 * @param ofHandlers by the handlers' classes
 */
record DefaultOptions(JobOptions ofPool, Map<Class<?>, JobOptions> ofHandlers) {

  DefaultOptions {
    ofHandlers = Map.copyOf(ofHandlers);
  }

  /**
   * Of this handler's jobs.
   *
   * @throws IllegalArgumentException if its annotation has values that no options can have
   */
  JobOptions of(Class<?> handler) {
    JobOptions given = ofHandlers.get(handler);
    if (given != null) {
      return given;
    }
    JobDefaults annotated = handler.getAnnotation(JobDefaults.class);
    try {
      return annotated == null ? ofPool : with(annotated);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "handler " + handler.getName() + " has @JobDefaults that can't be: " + e.getMessage(), e);
    }
  }

  private JobOptions with(JobDefaults annotated) {
    JobOptions options =
        ofPool.withTimeouts(
            duration(annotated.timeoutMillis()), duration(annotated.softTimeoutMillis()));
    Duration stallTimeout = duration(annotated.stallTimeoutMillis());
    if (stallTimeout != null) {
      options = options.withStallTimeout(stallTimeout);
    }
    Duration queueTimeout = duration(annotated.queueTimeoutMillis());
    if (queueTimeout != null) {
      options = options.withQueueTimeout(queueTimeout);
    }
    if (annotated.retries() >= 0) {
      options = options.withRetries(annotated.retries());
    }
    if (annotated.priority() != Integer.MIN_VALUE) {
      options = options.withPriority(annotated.priority());
    }
    return annotated.label().isEmpty() ? options : options.withLabel(annotated.label());
  }

  private static @Nullable Duration duration(long millis) {
    return millis == 0 ? null : Duration.ofMillis(millis);
  }
}
