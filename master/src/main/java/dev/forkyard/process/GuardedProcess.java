package dev.forkyard.process;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A child process that leads a session of its own, so that a terminal's signals do not reach it and
 * all that it starts can be found, and whose session ends with it and with this JVM.
 */
public final class GuardedProcess {

  private static final int DRAIN_SECONDS = 1;

  private final Process process;
  private final OutputPump output;
  private final CompletableFuture<Integer> exit;

  private GuardedProcess(Process process, ProcessGuard guard, OutputPump output) {
    this.process = process;
    this.output = output;
    this.exit =
        process
            .onExit()
            .thenCompose(ended -> guard.reap(ended.pid()))
            .thenCompose(
                reaped -> output.ended().completeOnTimeout(null, DRAIN_SECONDS, TimeUnit.SECONDS))
            .thenApply(drained -> process.exitValue());
  }

  /**
   * Starts a process. It is watched by the guard before it can read any of its input.
   *
   * @param environment variables to set, or to remove where the value is null
   * @param stdin all of its standard input
   * @param onLine hears each line of its standard output and error, on a thread of its own
   * @throws IOException if it can't be started
   */
  public static GuardedProcess start(
      List<String> command,
      @Nullable Path directory,
      Map<String, @Nullable String> environment,
      byte[] stdin,
      ProcessGuard guard,
      Consumer<String> onLine)
      throws IOException {
    List<String> whole = new ArrayList<>(ProcessGuard.sessionPrefix());
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole).redirectErrorStream(true);
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    environment.forEach(
        (name, value) -> {
          if (value == null) {
            builder.environment().remove(name);
          } else {
            builder.environment().put(name, value);
          }
        });
    Process process = builder.start();
    guard.watch(process.pid());
    OutputPump output = OutputPump.start(process, onLine);
    GuardedProcess started = new GuardedProcess(process, guard, output);
    try (OutputStream in = process.getOutputStream()) {
      in.write(stdin);
    } catch (IOException diedAlready) {
      // Its exit tells more than the broken pipe.
    }
    return started;
  }

  /** Its process id, which is that of its session and group too. */
  public long pid() {
    return process.pid();
  }

  /**
   * Completes with the exit value (128 + n for signal n) when the process has ended, the rest of
   * its session was killed, and its output was read to the end, the last for a second at most.
   */
  public CompletableFuture<Integer> onExit() {
    return exit;
  }

  /** Sends SIGTERM to it. */
  public void terminate() {
    process.toHandle().destroy();
  }

  /** Sends SIGKILL to it and its descendants; the rest of its session follows when it has ended. */
  public void kill() {
    List<ProcessHandle> descendants = process.descendants().toList();
    process.toHandle().destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
  }

  /** The last 8 KiB of what it wrote to standard output and error, interleaved. */
  public String outputTail() {
    return output.tail();
  }
}
