package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Limits;
import dev.forkyard.process.ForkOptions;
import dev.forkyard.process.JavaVariables;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.transport.TransportKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a pool's builder was given so far, each value checked by itself, and whether all of it can
 * be together.
 */
final class PoolSettings {

  private static final AtomicInteger POOLS = new AtomicInteger();

  @Nullable String name;
  int workers = Runtime.getRuntime().availableProcessors();
  int minWorkers = -1;
  int slots = 1;
  int prefetch = 511;
  int queueCapacity = 10_000;
  int maxFrameBytes = FrameCodec.DEFAULT_MAX_FRAME_BYTES;
  Duration bootTimeout = Duration.ofSeconds(30);
  Duration heartbeatTimeout = Duration.ofSeconds(10);
  @Nullable List<Path> classPath;
  List<String> jvmOptions = List.of();
  final Map<String, @Nullable String> environment = new HashMap<>();
  Path javaHome = Path.of(System.getProperty("java.home"));
  Path crashDirectory = Path.of(System.getProperty("java.io.tmpdir"));
  long workerHeapBytes;
  @Nullable TransportKind transport;
  JobOptions defaultOptions = JobOptions.defaults();
  final Map<Class<?>, JobOptions> handlerOptions = new HashMap<>();
  ProcessPool.@Nullable OutputListener outputListener;
  @Nullable Executor completionExecutor;
  final List<String> allowedResults = new ArrayList<>();
  int maxJobsPerWorker;
  @Nullable Duration maxWorkerAge;
  long maxWorkerMemory;
  long memoryBudget;
  Duration stopTimeout = Duration.ofSeconds(5);
  Duration spinFor = Duration.ZERO;
  boolean classDataSharing = true;
  @Nullable Path cacheDirectory;
  @Nullable Duration submitTimeout;
  @Nullable Consumer<PoolEvent> eventListener;
  boolean recordTimes;
  int spareWorkers;
  @Nullable Duration idleTimeout;
  @Nullable WorkerChoice workerChoice;
  final SetupBuilder setup = new SetupBuilder();
  int debugPort = PoolConfig.NO_DEBUGGER;
  boolean inProcess;
  boolean carriesLogContext;
  int maxDepth;

  PoolSettings() {
    // Options of the master's own JVM are not the workers': an agent or a debug port would collide.
    JavaVariables.NAMES.forEach(name -> environment.put(name, null));
  }

  /**
   * For a pool that is about to start.
   *
   * @throws IllegalArgumentException if they contradict each other, or workers can't be started
   * @throws IllegalStateException if the pool is too deep within others
   */
  PoolConfig checked() {
    PoolConfig config = config();
    Nesting.of(maxDepth).check(config.name());
    String problem =
        inProcess ? null : ClassPathCheck.problem(config.classPath(), classPath != null);
    if (problem != null) {
      throw new IllegalArgumentException(
          "pool "
              + config.name()
              + " can't start workers with "
              + (classPath == null ? "this program's class path: " : "its class path: ")
              + problem);
    }
    return config;
  }

  /** The settings so far, if they do not contradict each other. */
  PoolConfig config() {
    int least = minWorkers < 0 ? workers : minWorkers;
    if (least > workers) {
      throw new IllegalArgumentException(
          "minWorkers must be at most workers (" + workers + "), but is " + least);
    }
    if (spareWorkers > workers) {
      throw new IllegalArgumentException(
          "spareWorkers must be at most workers (" + workers + "), but is " + spareWorkers);
    }
    if (slots < 1 || slots > ProcessPool.MAX_SLOTS) {
      throw new IllegalArgumentException(
          "slotsPerWorker must be between 1 and " + ProcessPool.MAX_SLOTS + ", but is " + slots);
    }
    if (transport != null && !transport.available()) {
      throw new IllegalArgumentException(
          "transport " + transport + " is not available on this system");
    }
    Map<String, @Nullable String> variables = new HashMap<>(environment);
    variables.put(Nesting.VARIABLE, Nesting.of(maxDepth).ofWorkers());
    boolean debugged = debugPort != PoolConfig.NO_DEBUGGER;
    if (debugged && inProcess) {
      throw new IllegalArgumentException(
          "debugWorkers and inProcess exclude each other: a debugger of this program sees workers"
              + " that live in its process");
    }
    refuseCollidingPorts(jvmOptions);
    return new PoolConfig(
        name == null ? "pool-" + POOLS.incrementAndGet() : name,
        workers,
        least,
        slots,
        debugged ? 0 : prefetch,
        queueCapacity,
        maxFrameBytes,
        bootTimeout,
        heartbeatTimeout,
        classPath == null ? ForkOptions.ownClassPath() : classPath,
        jvmOptions,
        variables,
        javaHome,
        crashDirectory,
        workerHeapBytes,
        transport,
        new DefaultOptions(defaultOptions, handlerOptions),
        outputListener,
        completionExecutor,
        allowedResults.isEmpty() ? null : String.join(";", allowedResults),
        new Limits(maxJobsPerWorker, JobOptions.nanos(maxWorkerAge), maxWorkerMemory, memoryBudget),
        stopTimeout,
        spinFor.toNanos(),
        archives(),
        submitTimeout,
        eventListener,
        recordTimes,
        spareWorkers,
        idleTimeout,
        workerChoice,
        setup.encode(maxFrameBytes, slots),
        debugPort,
        inProcess,
        carriesLogContext);
  }

  private static void refuseCollidingPorts(List<String> jvmOptions) {
    for (String option : jvmOptions) {
      if (DebugPorts.collides(option)) {
        throw new IllegalArgumentException(
            "jvmOptions must not have a debugger's port that all workers would share, but have "
                + option
                + "; use debugWorkers(port)");
      }
    }
  }

  private @Nullable Path archives() {
    if (!classDataSharing || debugPort != PoolConfig.NO_DEBUGGER || inProcess) {
      return null;
    }
    return cacheDirectory == null ? ArchiveCache.defaultDirectory() : cacheDirectory;
  }

  static long atLeastOneMebibyte(String name, long bytes) {
    if (bytes < 1 << 20) {
      throw new IllegalArgumentException(name + " must be at least 1 MiB, but is " + bytes);
    }
    return bytes;
  }

  static int atLeast(int least, String name, int value) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
    }
    return value;
  }
}
