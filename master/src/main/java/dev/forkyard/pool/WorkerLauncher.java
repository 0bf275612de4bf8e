package dev.forkyard.pool;

import dev.forkyard.process.GuardedProcess;
import dev.forkyard.process.ProcessGuard;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts worker processes, several at once, on threads of its own. */
final class WorkerLauncher implements AutoCloseable {

  private static final int TOKEN_BYTES = 32;
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  /** Waits until the first line, since a logging back end costs start-up time. */
  private static final class Output {
    static final Logger LOG = LoggerFactory.getLogger("dev.forkyard.output");
  }

  private final PoolConfig config;
  private final List<String> command;
  private final Path directory;
  private final String address;
  private final ProcessGuard guard;
  private final SecureRandom random = new SecureRandom();
  private final ExecutorService threads;

  WorkerLauncher(PoolConfig config, Path directory, String address, ProcessGuard guard) {
    this.config = config;
    this.command = WorkerCommand.of(config);
    this.directory = directory;
    this.address = address;
    this.guard = guard;
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
    Path board = boardPath(workerId);
    Scoreboard scoreboard = Scoreboard.create(board);
    WorkerLink link = new WorkerLink(workerId, token, scoreboard, board);
    // Before the process exists, so that its greeting finds the link.
    loop.post(() -> loop.prepared(link));
    List<String> arguments = new ArrayList<>(command);
    arguments.add(address);
    arguments.add(Long.toString(workerId));
    arguments.add(board.toString());
    byte[] stdin = (HexFormat.of().formatHex(token) + "\n").getBytes(StandardCharsets.US_ASCII);
    GuardedProcess process;
    // Its first line may come before its process id is known here.
    CompletableFuture<Long> pid = new CompletableFuture<>();
    VmReportFilter output = new VmReportFilter(line -> print(pid.join(), line));
    try {
      process = GuardedProcess.start(arguments, null, config.environment(), stdin, guard, output);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(board);
      throw e;
    }
    pid.complete(process.pid());
    loop.post(
        () -> {
          link.process = process;
          loop.started(link);
        });
    process
        .onExit()
        .whenComplete(
            (code, error) -> {
              output.release();
              remove(board);
              WorkerDeath death =
                  WorkerDeath.examine(
                      code == null ? -1 : code,
                      scoreboard.exitMarked(),
                      process.outputTail(),
                      WorkerCommand.crashReport(config, process.pid()));
              String said = process.outputTail().strip();
              String failure = death.describe() + (said.isEmpty() ? "" : ", and said: " + said);
              loop.post(() -> loop.exited(workerId, death, failure));
            });
  }

  private void print(long pid, String line) {
    ProcessPool.OutputListener listener = config.outputListener();
    if (listener != null) {
      listener.line(pid, line);
    } else {
      Output.LOG.info("[worker {}] {}", pid, line);
    }
  }

  private Path boardPath(long workerId) {
    String name = directory.getFileName() + "-" + workerId;
    return Files.isWritable(SHARED_MEMORY)
        ? SHARED_MEMORY.resolve(name)
        : directory.resolve("board-" + workerId);
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
