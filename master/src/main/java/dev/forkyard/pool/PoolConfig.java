package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Limits;
import dev.forkyard.transport.TransportKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A pool's settings, checked.
 *
 * @param slots how many jobs each worker runs at a time
 * @param cacheDirectory where class-data archives lie; null: there are none
 * @param setup what each worker is given when it starts, encoded
 * @param debugPort the first port at which workers wait for a debugger; {@link #NO_DEBUGGER}: they
 *     do not
 * @param inProcess whether workers have no processes of their own
 * @param carriesLogContext whether the submitter's logging context goes along with jobs
 */
record PoolConfig(
    String name,
    int workers,
    int minWorkers,
    int slots,
    int prefetch,
    int queueCapacity,
    int maxFrameBytes,
    Duration bootTimeout,
    Duration heartbeatTimeout,
    List<Path> classPath,
    List<String> jvmOptions,
    Map<String, @Nullable String> environment,
    Path javaHome,
    Path crashDirectory,
    long workerHeapBytes,
    @Nullable TransportKind transport,
    DefaultOptions defaultOptions,
    ProcessPool.@Nullable OutputListener outputListener,
    @Nullable Executor completionExecutor,
    @Nullable String allowedResults,
    Limits limits,
    Duration stopTimeout,
    long spinNanos,
    @Nullable Path cacheDirectory,
    @Nullable Duration submitTimeout,
    @Nullable Consumer<PoolEvent> eventListener,
    boolean recordTimes,
    int spareWorkers,
    @Nullable Duration idleTimeout,
    @Nullable WorkerChoice workerChoice,
    byte[] setup,
    int debugPort,
    boolean inProcess,
    boolean carriesLogContext) {

  static final int NO_DEBUGGER = -1;

  /** Whether a worker may stand still for as long as a person looks at it. */
  boolean debugsWorkers() {
    return debugPort != NO_DEBUGGER;
  }

  PoolConfig withWorkers(int workers, int minWorkers) {
    return with(workers, minWorkers, classPath, jvmOptions);
  }

  PoolConfig with(List<Path> classPath, List<String> jvmOptions) {
    return with(workers, minWorkers, classPath, jvmOptions);
  }

  private PoolConfig with(
      int workers, int minWorkers, List<Path> classPath, List<String> jvmOptions) {
    return new PoolConfig(
        name,
        workers,
        minWorkers,
        slots,
        prefetch,
        queueCapacity,
        maxFrameBytes,
        bootTimeout,
        heartbeatTimeout,
        classPath,
        jvmOptions,
        environment,
        javaHome,
        crashDirectory,
        workerHeapBytes,
        transport,
        defaultOptions,
        outputListener,
        completionExecutor,
        allowedResults,
        limits,
        stopTimeout,
        spinNanos,
        cacheDirectory,
        submitTimeout,
        eventListener,
        recordTimes,
        spareWorkers,
        idleTimeout,
        workerChoice,
        setup,
        debugPort,
        inProcess,
        carriesLogContext);
  }
}
