package dev.forkyard.pool;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ExitStatus;
import dev.forkyard.process.ProcessGuard;
import dev.forkyard.process.RuntimeDirectory;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.process.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The class-data archives of a pool's workers, by which a JVM starts sooner: with which options a
 * worker finds its archive, and how one is made where it is missing.
 *
 * <p>It is made by a process of low priority that plays a worker ({@link
 * dev.forkyard.worker.WorkerTraining}), once the pool has lived long enough that this pays; it ends
 * with the pool. A JVM archives the classes of jars alone, and those before the first directory of
 * a class path: if there are none, there is no archive. Whatever fails costs the archive and no
 * more.
 */
final class WorkerArchive implements AutoCloseable {

  /** A program that is over by then would only be slowed down. */
  private static final int TRAIN_AFTER_SECONDS = 2;

  private static final int TRAINING_SECONDS = 300;
  private static final int FIRST_WITH_AOT_LOG = 24;
  private static final String TRAINING = "dev.forkyard.worker.WorkerTraining";

  /** Options that don't change what is archived; with any other there is no archive. */
  private static final List<String> HARMLESS =
      List.of("-Xm", "-Xs", "-D", "-ea", "-da", "-XX:", "--add-opens", "--add-exports");

  private static final List<String> OF_ARCHIVES =
      List.of("-Xshare", "Archive", "AOT", "CDS", "-Djava.system.class.loader", "-XX:Flags");

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  /** What is known of the archive for one set of settings. */
  private static final class Known {
    private final String key;
    private final List<Path> jars;
    private @Nullable Path archive;
    private boolean wanted;

    Known(String key, List<Path> jars, @Nullable Path archive) {
      this.key = key;
      this.jars = jars;
      this.archive = archive;
      this.wanted = archive == null;
    }
  }

  private final @Nullable ArchiveCache cache;
  private final RuntimeDirectory directory;
  private final ProcessGuard guard;
  private final Map<List<Object>, Known> known = new HashMap<>();

  /** One after the other, since each takes a core. */
  private final Object training = new Object();

  private @Nullable ChildProcess trainer;
  private boolean closed;

  WorkerArchive(PoolConfig config, RuntimeDirectory directory, ProcessGuard guard) {
    Path path = config.cacheDirectory();
    this.cache = path == null ? null : new ArchiveCache(path);
    this.directory = directory;
    this.guard = guard;
  }

  /** The archive for workers with these settings; null if there is none. Any thread. */
  synchronized @Nullable Path find(PoolConfig config) {
    Known found = known(config);
    return found == null ? null : found.archive;
  }

  private @Nullable Known known(PoolConfig config) {
    if (cache == null || !mayBeArchived(config.jvmOptions())) {
      return null;
    }
    return known.computeIfAbsent(
        List.of(config.javaHome(), config.jvmOptions(), config.classPath()),
        settings -> look(config, cache));
  }

  private static @Nullable Known look(PoolConfig config, ArchiveCache cache) {
    List<Path> jars = jars(config.classPath());
    if (jars.isEmpty()) {
      return null;
    }
    try {
      String key = ArchiveCache.key(config.javaHome(), options(config), jars);
      return new Known(key, jars, cache.find(key));
    } catch (IOException | RuntimeException e) {
      Log.LOG.debug("workers of pool {} start without an archive", config.name(), e);
      return null;
    }
  }

  /** Those before the first that is none. */
  private static List<Path> jars(List<Path> classPath) {
    List<Path> jars = new ArrayList<>();
    for (Path each : classPath) {
      if (!Files.isRegularFile(each)) {
        break;
      }
      jars.add(each.toAbsolutePath());
    }
    return jars;
  }

  private static boolean mayBeArchived(List<String> jvmOptions) {
    return jvmOptions.stream()
        .allMatch(
            option ->
                HARMLESS.stream().anyMatch(option::startsWith)
                    && OF_ARCHIVES.stream().noneMatch(option::contains));
  }

  /** Without what differs from pool to pool, and no archive depends on. */
  private static List<String> options(PoolConfig config) {
    return WorkerCommand.options(config).stream()
        .filter(option -> !option.startsWith("-Xmx") && !option.startsWith("-XX:ErrorFile"))
        .toList();
  }

  /** What a worker is started with that uses this archive. */
  static List<String> use(PoolConfig config, Path archive) {
    List<String> options = new ArrayList<>();
    options.add("-XX:SharedArchiveFile=" + archive);
    // An archive that does not fit is not used, which is no business of whoever reads the output.
    options.add("-Xlog:cds*=off");
    if (WorkerCommand.feature(config.javaHome()) >= FIRST_WITH_AOT_LOG) {
      options.add("-Xlog:aot*=off");
    }
    return options;
  }

  /** A worker that used it crashed before it greeted, so the archive is taken for damaged. */
  synchronized void discard(Path archive) {
    Log.LOG.debug("the archive {} is removed: a worker crashed with it", archive);
    known.values().stream()
        .filter(each -> archive.equals(each.archive))
        .forEach(each -> each.archive = null);
    delete(archive);
  }

  /** A worker with these settings runs: if it has no archive, the next ones may. Any thread. */
  synchronized void ready(PoolConfig config) {
    Known missing = known(config);
    if (missing != null && missing.wanted && !closed) {
      missing.wanted = false;
      CompletableFuture.delayedExecutor(
              TRAIN_AFTER_SECONDS, TimeUnit.SECONDS, task -> start(config, task))
          .execute(
              () -> {
                synchronized (training) {
                  train(config, missing);
                }
              });
    }
  }

  /** Makes the archive for workers with these settings now; false where there is none then. */
  boolean make(PoolConfig config) {
    Known asked;
    synchronized (this) {
      asked = known(config);
      if (asked == null) {
        return false;
      }
      asked.wanted = false;
    }
    synchronized (training) {
      if (find(config) == null) {
        train(config, asked);
      }
    }
    return find(config) != null;
  }

  private static void start(PoolConfig config, Runnable training) {
    Thread thread = new Thread(training, config.name() + "-archive");
    thread.setDaemon(true);
    thread.start();
  }

  private void train(PoolConfig config, Known missing) {
    Path file = null;
    try {
      if (cache == null) {
        return;
      }
      file = cache.unfinished();
      run(config, missing, List.of("-XX:ArchiveClassesAtExit=" + file), "made");
      List<String> check = new ArrayList<>(List.of("-Xshare:on"));
      check.addAll(use(config, file));
      run(config, missing, check, "used");
      Path archive = cache.install(file, missing.key);
      synchronized (this) {
        missing.archive = archive;
      }
    } catch (IOException | RuntimeException e) {
      Log.LOG.debug("no archive for the workers of pool {}", config.name(), e);
    } finally {
      if (file != null) {
        delete(file);
      }
    }
  }

  private void run(PoolConfig config, Known missing, List<String> options, String what)
      throws IOException {
    Path board = directory.path().resolve("training-board");
    Path socket = directory.path().resolve("training");
    try {
      List<String> command = new ArrayList<>(lowPriority());
      command.addAll(WorkerCommand.of(config, options, missing.jars, TRAINING));
      command.add(socket.toString());
      command.add(board.toString());
      ExitStatus status = end(config, command);
      if (!status.success()) {
        throw new IOException("the archive could not be " + what + ": the process " + status);
      }
    } finally {
      delete(board);
      delete(socket);
    }
  }

  private static List<String> lowPriority() {
    Path nice = Path.of("/usr/bin/nice");
    return Files.isExecutable(nice) ? List.of(nice.toString(), "-n", "10") : List.of();
  }

  private ExitStatus end(PoolConfig config, List<String> command) throws IOException {
    ChildProcess process = spawn(config, command);
    try {
      return process.onExit().get(TRAINING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      process.killTree();
      throw new IOException("the process did not end within " + TRAINING_SECONDS + " s", e);
    }
  }

  private synchronized ChildProcess spawn(PoolConfig config, List<String> command)
      throws IOException {
    if (closed) {
      throw new IOException("the pool was closed before");
    }
    trainer =
        ChildProcess.spawn(
            command,
            SpawnOptions.builder()
                .environment(config.environment())
                .stdin(Stdio.ignore())
                .stdout(Stdio.ignore())
                .stderr(Stdio.ignore())
                .killTreeOnExit()
                .guard(guard)
                .build());
    return trainer;
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      Log.LOG.debug("{} could not be removed", file, e);
    }
  }

  /** Ends the process that makes an archive, if there is one. */
  @Override
  public void close() {
    ChildProcess last;
    synchronized (this) {
      closed = true;
      last = trainer;
    }
    if (last != null) {
      last.killTree().join();
    }
  }
}
