package dev.forkyard.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The processes of a test, marked by an environment variable that all they start inherit: after
 * each test none may be left.
 */
final class Marked implements AfterEachCallback {

  static final String VARIABLE = "FORKYARD_TEST";
  static final Duration LIMIT = Duration.ofSeconds(20);

  private final String mark = UUID.randomUUID().toString();

  private boolean killing;

  String mark() {
    return mark;
  }

  ExecOptions.Builder exec() {
    return ExecOptions.builder().environment(VARIABLE, mark);
  }

  SpawnOptions.Builder spawn() {
    return SpawnOptions.builder().environment(VARIABLE, mark);
  }

  CompletableFuture<ExecResult> exec(String commandLine) {
    return ChildProcess.exec(commandLine, exec().build());
  }

  ChildProcess spawn(String... command) {
    return ChildProcess.spawn(List.of(command), spawn().build());
  }

  /** Those that live now. */
  List<ProcessHandle> alive() {
    return ProcessHandle.allProcesses().filter(this::isMarked).toList();
  }

  /** Those that live now and whose command line has these words. */
  List<ProcessHandle> alive(String words) {
    return alive().stream().filter(each -> commandLine(each.pid()).contains(words)).toList();
  }

  void awaitNoneLeft() {
    await().atMost(LIMIT).until(this::noneIsLeft);
  }

  private boolean noneIsLeft() {
    List<ProcessHandle> alive = alive();
    if (killing) {
      alive.forEach(ProcessHandle::destroyForcibly);
    }
    return alive.isEmpty();
  }

  /** What has no mark just now, in the midst of an exec, is killed when it has. */
  void killAll() {
    killing = true;
    alive().forEach(ProcessHandle::destroyForcibly);
  }

  private boolean isMarked(ProcessHandle handle) {
    // That of a process which nobody has yet waited for is empty.
    return read(handle.pid(), "environ").contains(VARIABLE + "=" + mark);
  }

  static String commandLine(long pid) {
    return read(pid, "cmdline").replace('\0', ' ').strip();
  }

  private static String read(long pid, String file) {
    try {
      return new String(Files.readAllBytes(Path.of("/proc/" + pid + "/" + file)), UTF_8);
    } catch (IOException endedOrAnotherUsers) {
      return "";
    }
  }

  /** What a future that ends well ends with. */
  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** What a run that does not end well ends with. */
  static ExecException failure(CompletableFuture<ExecResult> future) throws Exception {
    try {
      ExecResult result = get(future);
      throw new AssertionError("it went well: " + result.stdout());
    } catch (TimeoutException e) {
      throw new AssertionError("it did not end", e);
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(ExecException.class);
      return (ExecException) e.getCause();
    }
  }

  @Override
  public void afterEach(ExtensionContext test) {
    try {
      awaitNoneLeft();
    } finally {
      killAll();
    }
  }
}
