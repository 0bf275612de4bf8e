package dev.forkyard.pool;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ProcessGuard;
import dev.forkyard.process.RuntimeDirectory;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.protocol.Scoreboard;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts worker processes, several at once, on threads of its own. */
final class WorkerLauncher implements AutoCloseable {

  private static final int TOKEN_BYTES = 32;

  /** Waits until the first line, since a logging back end costs start-up time. */
  private static final class Output {
    static final Logger LOG = LoggerFactory.getLogger("dev.forkyard.output");
  }

  private final PoolConfig config;
  private final List<String> command;
  private final SpawnOptions options;
  private final RuntimeDirectory directory;
  private final String address;
  private final SecureRandom random = new SecureRandom();
  private final ExecutorService threads;

  WorkerLauncher(
      PoolConfig config, RuntimeDirectory directory, String address, ProcessGuard guard) {
    this.config = config;
    this.command = WorkerCommand.of(config);
    this.options =
        SpawnOptions.builder()
            .environment(config.environment())
            .mergeErrors()
            .killTreeOnExit()
            .guard(guard)
            .build();
    this.directory = directory;
    this.address = address;
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, config.name() + "-launcher");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Returns at once; how it goes is posted to the loop. */
  void launch(long workerId, PoolLoop loop) {
    threads.execute(
        () -> {
          try {
            start(workerId, loop);
          } catch (IOException | RuntimeException e) {
            loop.post(() -> loop.exited(workerId, null, "could not be started: " + e.getMessage()));
          }
        });
  }

  private void start(long workerId, PoolLoop loop) throws IOException {
    byte[] token = new byte[TOKEN_BYTES];
    random.nextBytes(token);
    Path board = directory.sharedFile(Long.toString(workerId));
    Scoreboard scoreboard = Scoreboard.create(board);
    WorkerLink link = new WorkerLink(workerId, token, scoreboard, board);
    // Before the process exists, so that its greeting finds the link.
    loop.post(() -> loop.prepared(link));
    List<String> arguments = new ArrayList<>(command);
    arguments.add(address);
    arguments.add(Long.toString(workerId));
    arguments.add(board.toString());
    Instant started = Instant.now();
    ChildProcess process;
    try {
      process = ChildProcess.spawn(arguments, options);
    } catch (RuntimeException e) {
      Files.deleteIfExists(board);
      throw e;
    }
    WorkerOutput output = new WorkerOutput(line -> print(process.pid(), line));
    process.stdout().onLine(output::line);
    process.onClose().thenRun(output::end);
    loop.post(
        () -> {
          link.process = process;
          loop.started(link);
        });
    // What it left behind may hold its output open.
    process
        .onExit()
        .thenCompose(status -> process.onClose().completeOnTimeout(status, 1, TimeUnit.SECONDS))
        .thenAccept(
            status -> {
              process.stdout().close();
              remove(board);
              WorkerDeath death =
                  WorkerDeath.examine(
                      status,
                      scoreboard.exitMarked(),
                      output.tail(),
                      WorkerCommand.crashReport(config, process.pid()),
                      started);
              String said = death.outputTail().strip();
              String failure = death.describe() + (said.isEmpty() ? "" : ", and said: " + said);
              loop.post(() -> loop.exited(workerId, death, failure));
            });
    give(process, HexFormat.of().formatHex(token) + "\n");
  }

  /** All of its standard input is the token by which it is known. */
  private static void give(ChildProcess process, String token) {
    try (OutputStream in = process.stdin()) {
      in.write(token.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException diedAlready) {
      // Its exit tells more than the broken pipe.
    }
  }

  /** Off the loop, since all processes are looked at. */
  void kill(ChildProcess process) {
    threads.execute(process::killTree);
  }

  private void print(long pid, String line) {
    ProcessPool.OutputListener listener = config.outputListener();
    if (listener != null) {
      listener.line(pid, line);
    } else {
      Output.LOG.info("[worker {}] {}", pid, line);
    }
  }

  static void remove(Path board) {
    try {
      Files.deleteIfExists(board);
    } catch (IOException e) {
      LoggerFactory.getLogger(ProcessPool.class).debug("{} could not be removed", board, e);
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
