package dev.forkyard.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts children for a test, quickly, and leaves none of them behind. */
final class Forks implements AfterEachCallback {

  static final Duration LIMIT = Duration.ofSeconds(30);

  private final List<ChildProcess> started = new ArrayList<>();

  /** Options for a JVM that starts quickly; it is not to be fast. */
  static ForkOptions.Builder options() {
    return ForkOptions.builder().jvmOptions(jvmOptions());
  }

  static List<String> jvmOptions(String... more) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-XX:-UsePerfData"));
    options.addAll(List.of(more));
    return options;
  }

  ForkedProcess fork(Class<?> main, String... arguments) {
    return fork(main, options(), arguments);
  }

  ForkedProcess fork(Class<?> main, ForkOptions.Builder options, String... arguments) {
    return track(ChildProcess.fork(main, options.build(), arguments));
  }

  ChildProcess spawn(SpawnOptions.Builder options, String... command) {
    return track(ChildProcess.spawn(List.of(command), options.build()));
  }

  <T extends ChildProcess> T track(T child) {
    started.add(child);
    return child;
  }

  /** The messages of a type, in the order in which they come. */
  static <T> Messages<T> messages(ForkedProcess child, Class<T> type) {
    Messages<T> messages = new Messages<>();
    child.onMessage(type, messages.queue::add);
    return messages;
  }

  /** The lines of an output, in the order in which they come. */
  static Messages<String> lines(ChildOutput output) {
    Messages<String> lines = new Messages<>();
    output.onLine(lines.queue::add);
    return lines;
  }

  record Messages<T>(BlockingQueue<T> queue) {

    Messages() {
      this(new LinkedBlockingQueue<>());
    }

    T next() throws InterruptedException {
      T next = queue.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(next).as("the next message").isNotNull();
      return next;
    }
  }

  static <T> T get(Future<T> future) throws Exception {
    return future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /**
   * Runs what blocks. Not on the common pool: where that has one thread, the JDK could not tell
   * there that a process has ended.
   */
  static void start(Runnable blocking) {
    Thread thread = new Thread(blocking, "test-blocking");
    thread.setDaemon(true);
    thread.start();
  }

  static void awaitGone(long pid) {
    await()
        .atMost(LIMIT)
        .until(() -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  static String classPath() {
    return String.join(
        java.io.File.pathSeparator,
        ForkOptions.ownClassPath().stream().map(Path::toString).toList());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (ChildProcess child : started) {
      get(child.killTree());
      child.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }
}
