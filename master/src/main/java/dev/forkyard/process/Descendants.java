package dev.forkyard.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** What a process has started and what these have, at one moment, as far as the parents live. */
final class Descendants {

  private static final int LOOK_MILLIS = 5;

  /** The place of the session in what the system tells of a process. */
  private static final int SESSION = 3;

  private final List<ProcessHandle> processes;

  Descendants(Process process) {
    this.processes = process.descendants().toList();
  }

  void forEach(Consumer<ProcessHandle> action) {
    processes.forEach(action);
  }

  void kill() {
    forEach(ProcessHandle::destroyForcibly);
  }

  /** Ends those that are left in this way, each with what it has started since. */
  CompletableFuture<?> endTrees(LongFunction<CompletableFuture<?>> end) {
    return CompletableFuture.allOf(
        processes.stream()
            .filter(Descendants::runs)
            .map(each -> end.apply(each.pid()))
            .toArray(CompletableFuture<?>[]::new));
  }

  /** Whether none has left this session. */
  boolean areInSession(long session) {
    String wanted = Long.toString(session);
    return processes.stream()
        .map(Descendants::stat)
        .allMatch(stat -> stat.length <= SESSION || stat[SESSION].equals(wanted));
  }

  /** Completes when all have ended, or about when it was given up to wait for them. */
  CompletableFuture<@Nullable Void> ended(CompletableFuture<?> givenUp) {
    if (givenUp.isDone() || processes.stream().noneMatch(Descendants::runs)) {
      return CompletableFuture.completedFuture(null);
    }
    Executor later =
        CompletableFuture.delayedExecutor(
            LOOK_MILLIS, TimeUnit.MILLISECONDS, Callbacks.unordered());
    return CompletableFuture.runAsync(() -> {}, later).thenCompose(done -> ended(givenUp));
  }

  /**
   * {@link ProcessHandle#onExit} would look each 300 ms, and {@link ProcessHandle#isAlive} counts
   * those in that nobody has yet asked how they ended: those whose parents are gone wait for the
   * system's first process, which may do so every few seconds only.
   */
  private static boolean runs(ProcessHandle process) {
    String state = stat(process)[0];
    return process.isAlive() && !state.equals("Z") && !state.equals("X");
  }

  /** Its state, parent, group, session and so on; one empty word if that is not to be had. */
  private static String[] stat(ProcessHandle process) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc/" + process.pid() + "/stat"));
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      // pid (name) state ...: the name may hold anything.
      return text.substring(text.lastIndexOf(')') + 1).strip().split(" ");
    } catch (IOException endedOrAnotherSystem) {
      return new String[] {""};
    }
  }
}
