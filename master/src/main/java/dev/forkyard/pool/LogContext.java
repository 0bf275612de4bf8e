package dev.forkyard.pool;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Says in the logging context, as {@code pool}, {@code worker} (its process id) and {@code job},
 * where the lines come from that are logged until this is closed.
 */
final class LogContext implements AutoCloseable {

  private final Map<String, @Nullable String> before = new HashMap<>();

  private LogContext() {}

  /** Ids that are 0 are left out. */
  static LogContext of(String pool, long workerPid, long jobId) {
    LogContext context = new LogContext();
    context.put("pool", pool);
    if (workerPid != 0) {
      context.put("worker", Long.toString(workerPid));
    }
    if (jobId != 0) {
      context.put("job", Long.toString(jobId));
    }
    return context;
  }

  private void put(String key, String value) {
    before.put(key, MDC.get(key));
    MDC.put(key, value);
  }

  @Override
  public void close() {
    before.forEach(
        (key, value) -> {
          if (value == null) {
            MDC.remove(key);
          } else {
            MDC.put(key, value);
          }
        });
  }
}
