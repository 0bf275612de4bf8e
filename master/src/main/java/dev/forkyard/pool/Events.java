package dev.forkyard.pool;

import dev.forkyard.worker.FlightRecording;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a listener, and Java Flight Recorder where that records, of what happens: in order, on one
 * thread that is there when it is needed.
 */
final class Events implements AutoCloseable {

  private static final int MAX_WAITING = 10_000;
  private static final int IDLE_SECONDS = 1;

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private final String poolName;
  private final @Nullable Consumer<PoolEvent> listener;
  private final ThreadPoolExecutor thread;

  Events(String poolName, @Nullable Consumer<PoolEvent> listener) {
    this.poolName = poolName;
    this.listener = listener;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread started = new Thread(task, poolName + "-events");
              started.setDaemon(true);
              return started;
            });
    thread.allowCoreThreadTimeOut(true);
  }

  /** Returns at once. */
  void tell(PoolEvent event) {
    boolean recorded = FlightRecording.isOn();
    if (recorded || listener != null) {
      try {
        thread.execute(() -> tell(event, recorded));
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        log("is not told of", event, e);
      }
    }
  }

  private void tell(PoolEvent event, boolean recorded) {
    try {
      if (recorded) {
        WorkerRecorder.record(event);
      }
      if (listener != null) {
        listener.accept(event);
      }
    } catch (RuntimeException | Error e) {
      log("failed at", event, e);
    }
  }

  private void log(String what, PoolEvent event, Throwable why) {
    try (LogContext context = LogContext.of(poolName, 0, 0)) {
      Log.LOG.error("pool {}: its listener {} {}", poolName, what, event, why);
    }
  }

  /** What was told is still handed over. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
