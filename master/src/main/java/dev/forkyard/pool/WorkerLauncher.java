package dev.forkyard.pool;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ExitStatus;
import dev.forkyard.process.ProcessGuard;
import dev.forkyard.process.RuntimeDirectory;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.protocol.Scoreboard;
import dev.forkyard.worker.InProcessWorker;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts worker processes, several at once, on threads of its own. */
final class WorkerLauncher implements AutoCloseable {

  private static final String MAIN = "dev.forkyard.worker.WorkerMain";
  private static final int TOKEN_BYTES = 32;

  /** Waits until the first line, since a logging back end costs start-up time. */
  private static final class Output {
    static final Logger LOG = LoggerFactory.getLogger("dev.forkyard.output");
  }

  private final PoolConfig config;
  private final @Nullable SpawnOptions options;
  private final @Nullable WorkerArchive archives;
  private final RuntimeDirectory directory;
  private final CompletableFuture<String> address;
  private final @Nullable DebugPorts debugPorts;

  /** Where handlers are found that run in this process. */
  private final ClassLoader loader;

  /** How many pools of this process are around those. */
  private final int depth = InProcessWorker.depthHere() + 1;

  private final SecureRandom random = new SecureRandom();
  private final ExecutorService threads;

  /**
   * Makes one.
   *
   * @param address where the master listens; workers boot meanwhile, where that is not known yet
   * @param guard null where workers have no processes of their own
   */
  WorkerLauncher(
      PoolConfig config,
      RuntimeDirectory directory,
      CompletableFuture<String> address,
      @Nullable ProcessGuard guard) {
    this.config = config;
    this.options = guard == null ? null : options(config, guard);
    this.archives = guard == null ? null : new WorkerArchive(config, directory, guard);
    this.directory = directory;
    this.address = address;
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    this.loader = context == null ? WorkerLauncher.class.getClassLoader() : context;
    this.debugPorts = config.debugsWorkers() ? new DebugPorts(config.debugPort()) : null;
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, config.name() + "-launcher");
              thread.setDaemon(true);
              return thread;
            });
  }

  private static SpawnOptions options(PoolConfig config, ProcessGuard guard) {
    return SpawnOptions.builder()
        .environment(config.environment())
        .mergeErrors()
        .killTreeOnExit()
        .guard(guard)
        .outputByThread()
        .build();
  }

  /** Returns at once; how it goes is posted to the loop, and the worker's end always is. */
  void launch(WorkerLink link, PoolLoop loop) {
    try {
      threads.execute(() -> start(link, loop));
    } catch (RuntimeException | Error noThread) {
      notStarted(link, loop, noThread);
    }
  }

  private void start(WorkerLink link, PoolLoop loop) {
    if (link.killed) {
      loop.post(() -> loop.exited(link.id, null, "was not started, since it was not wanted"));
      return;
    }
    WorkerLink.Prepared prepared = null;
    ChildProcess process;
    try {
      prepared = prepare(link.id);
      WorkerLink.Prepared files = prepared;
      if (options == null || archives == null) {
        startHere(link, loop, files);
        return;
      }
      // Before the process exists, so that its greeting finds the token.
      loop.post(() -> loop.prepared(link, files));
      process = spawn(link, files, options, archives);
    } catch (IOException | RuntimeException | Error e) {
      if (prepared != null) {
        remove(prepared.board());
      }
      giveBackPort(link);
      notStarted(link, loop, e);
      return;
    }
    attend(link, loop, process, prepared);
  }

  private static void notStarted(WorkerLink link, PoolLoop loop, Throwable why) {
    String reason = why instanceof Error ? why.toString() : why.getMessage();
    loop.post(() -> loop.exited(link.id, null, "could not be started: " + reason));
  }

  private WorkerLink.Prepared prepare(long workerId) throws IOException {
    byte[] token = new byte[TOKEN_BYTES];
    random.nextBytes(token);
    Instant started = Instant.now();
    long kills = KernelKills.count();
    Path board = directory.sharedFile(Long.toString(workerId));
    try {
      return new WorkerLink.Prepared(token, scoreboard(board), board, started, kills);
    } catch (IOException full) {
      // Memory-backed storage is small in containers; a file that both map does as well.
      Path onDisk = directory.path().resolve("board-" + workerId);
      return new WorkerLink.Prepared(token, scoreboard(onDisk), onDisk, started, kills);
    }
  }

  private Scoreboard scoreboard(Path file) throws IOException {
    return Scoreboard.create(file).withSlots(config.slots());
  }

  /** On threads of this process, where nothing but them is to be guarded. */
  private void startHere(WorkerLink link, PoolLoop loop, WorkerLink.Prepared prepared) {
    InProcessWorker worker =
        new InProcessWorker(
            link.id,
            prepared.scoreboard(),
            loader,
            depth,
            (code, why) -> {
              remove(prepared.board());
              WorkerDeath death = new WorkerDeath(code, null, false, "", null, "", false);
              String failure = why == null ? death.describe() : why;
              loop.post(() -> loop.exited(link.id, death, failure));
            });
    WorkerOutput none = new WorkerOutput(line -> {});
    loop.post(
        () -> {
          loop.prepared(link, prepared);
          loop.started(link, new InProcessHost(worker), none);
          // On the loop: its greeting comes so soon that it would overtake what is posted.
          worker.begin(prepared.token(), address.join(), link.config.setup());
        });
  }

  private ChildProcess spawn(
      WorkerLink link,
      WorkerLink.Prepared prepared,
      SpawnOptions spawnOptions,
      WorkerArchive archives)
      throws IOException {
    List<String> options = new ArrayList<>();
    Path archive = archives.find(link.config);
    link.archive = archive;
    if (archive != null) {
      options.addAll(WorkerArchive.use(link.config, archive));
    }
    if (debugPorts != null) {
      link.debugPort = debugPorts.take();
      options.add(DebugPorts.option(link.debugPort));
    }
    List<String> arguments =
        new ArrayList<>(WorkerCommand.of(link.config, options, link.config.classPath(), MAIN));
    arguments.add(Long.toString(link.id));
    arguments.add(prepared.board().toString());
    return ChildProcess.spawn(arguments, spawnOptions);
  }

  /** From here there is a process, whose end is told whatever goes wrong. */
  private void attend(
      WorkerLink link, PoolLoop loop, ChildProcess process, WorkerLink.Prepared prepared) {
    try {
      WorkerOutput output = new WorkerOutput(line -> print(process.pid(), prepared, line));
      loop.post(() -> loop.started(link, new ProcessHost(process), output));
      // What it left behind may hold its output open.
      process
          .onExit()
          .thenCompose(status -> process.onClose().completeOnTimeout(status, 1, TimeUnit.SECONDS))
          .thenAccept(status -> ended(link, loop, process, prepared, output, status))
          .exceptionally(
              unread -> {
                loop.post(() -> loop.exited(link.id, null, "ended unseen: " + unread));
                return null;
              });
      process.onClose().thenRun(output::end);
      process
          .stdout()
          .onLine(
              debugPorts == null
                  ? output::line
                  : line -> {
                    tellPort(link, loop, line);
                    output.line(line);
                  });
      String greeting = HexFormat.of().formatHex(prepared.token()) + "\n" + address.join() + "\n";
      give(process, greeting, link.config.setup());
    } catch (RuntimeException | Error e) {
      kill(process);
      process.onExit().thenRun(() -> notStarted(link, loop, e));
    }
  }

  private static void tellPort(WorkerLink link, PoolLoop loop, String line) {
    DebugPorts.listening(line).ifPresent(port -> loop.post(() -> loop.debuggable(link, port)));
  }

  private void giveBackPort(WorkerLink link) {
    if (debugPorts != null) {
      debugPorts.giveBack(link.debugPort);
    }
  }

  private void ended(
      WorkerLink link,
      PoolLoop loop,
      ChildProcess process,
      WorkerLink.Prepared prepared,
      WorkerOutput output,
      ExitStatus status) {
    process.stdout().close();
    remove(prepared.board());
    giveBackPort(link);
    WorkerDeath death = examine(process, prepared, output, status);
    Path archive = link.archive;
    if (archives != null && archive != null && !link.greeted && death.crashed()) {
      archives.discard(archive);
      launchWithout(link, loop, process);
      return;
    }
    String said = death.outputTail().strip();
    String failure = death.describe() + (said.isEmpty() ? "" : ", and said: " + said);
    loop.post(() -> loop.exited(link.id, death, failure));
  }

  private WorkerDeath examine(
      ChildProcess process, WorkerLink.Prepared prepared, WorkerOutput output, ExitStatus status) {
    WorkerDeath death =
        WorkerDeath.examine(
            status,
            prepared.scoreboard().exitMarked(),
            output.tail(),
            WorkerCommand.crashReport(config, process.pid()),
            prepared.started());
    return death.isKill() && KernelKills.count() > prepared.kernelKills()
        ? death.byKernel()
        : death;
  }

  /** It never worked, and what it was started with is likelier at fault than what it is to run. */
  private void launchWithout(WorkerLink link, PoolLoop loop, ChildProcess crashed) {
    remove(WorkerCommand.crashReport(config, crashed.pid()));
    launch(link, loop);
  }

  /**
   * All of its standard input is the token by which it is known, where it is to connect, and its
   * setup. That may be large, and the pipe waits until it is read; whoever kills the worker ends
   * that wait.
   */
  private static void give(ChildProcess process, String greeting, byte[] setup) {
    try (OutputStream in = process.stdin()) {
      in.write(greeting.getBytes(StandardCharsets.UTF_8));
      in.write(setup);
    } catch (IOException diedAlready) {
      // Its exit tells more than the broken pipe.
    }
  }

  /** Lets its output go on; off the loop, since that calls the user's listener. */
  void greeted(WorkerLink link) {
    WorkerOutput output = link.output;
    try {
      if (output != null) {
        threads.execute(
            () -> {
              output.greeted();
              if (archives != null) {
                archives.ready(link.config);
              }
            });
      }
    } catch (RuntimeException | Error noThread) {
      // What it printed so far stays held back, and goes on with its next line.
      output.letGoOn();
    }
  }

  /** Makes the archive for workers with these settings, and waits for it; not on the loop. */
  boolean makeArchive(PoolConfig with) {
    return archives != null && archives.make(with);
  }

  /** Notes what the kernel knows of the worker's threads; off the loop, since files are read. */
  void look(WorkerLink link) {
    long pid = link.pid();
    try {
      threads.execute(() -> link.threads = KernelThreads.of(pid));
    } catch (RuntimeException | Error noThread) {
      // Then the dump that was asked for must do.
    }
  }

  /** Tells the loop how much memory the worker holds; off it, since files are read. */
  void weigh(WorkerLink link, PoolLoop loop) {
    if (link.host == null || !link.host.isItsOwn()) {
      loop.post(() -> loop.weighed(link.id, 0));
      return;
    }
    long pid = link.pid();
    try {
      threads.execute(
          () -> {
            long bytes = WorkerMemory.of(pid);
            loop.post(() -> loop.weighed(link.id, bytes));
          });
    } catch (RuntimeException | Error noThread) {
      loop.post(() -> loop.weighed(link.id, 0));
    }
  }

  /** Off the loop, since all processes are looked at. */
  private void kill(ChildProcess process) {
    try {
      threads.execute(process::killTree);
    } catch (RuntimeException | Error noThread) {
      // What it started is then killed by the guard, when it has ended.
      process.kill("SIGKILL");
    }
  }

  /** A worker with a process of its own. */
  private final class ProcessHost implements WorkerHost {

    private final ChildProcess process;

    ProcessHost(ChildProcess process) {
      this.process = process;
    }

    @Override
    public long pid() {
      return process.pid();
    }

    @Override
    public void terminate() {
      process.kill("SIGTERM");
    }

    @Override
    public void kill() {
      WorkerLauncher.this.kill(process);
    }

    @Override
    public boolean isItsOwn() {
      return true;
    }
  }

  private void print(long pid, WorkerLink.Prepared prepared, String line) {
    ProcessPool.OutputListener listener = config.outputListener();
    if (listener != null) {
      listener.line(pid, line);
    } else {
      try (LogContext context = LogContext.of(config.name(), pid, prepared.runningJob())) {
        Output.LOG.info("[worker {}] {}", pid, line);
      }
    }
  }

  static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LoggerFactory.getLogger(ProcessPool.class).debug("{} could not be removed", file, e);
    }
  }

  @Override
  public void close() {
    threads.shutdown();
    if (archives != null) {
      archives.close();
    }
  }
}
