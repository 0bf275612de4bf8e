package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A pool that is used from virtual threads, which this program is not compiled for. */
@Timeout(120)
class VirtualThreadsTest {

  private static final int JAVA = Runtime.version().feature();
  private static final int THREADS = 10_000;

  @TempDir private Path directory;

  @BeforeEach
  void onlyWhereThereAreAny() {
    assumeThat(JAVA).isGreaterThanOrEqualTo(21);
  }

  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20);
  }

  @Test
  void tenThousandVirtualThreadsSubmitAndWaitAndNoneIsPinned() throws Exception {
    List<RecordedEvent> pins;
    try (ProcessPool pool = small().queueCapacity(1_000).build()) {
      // What is loaded at its first use is loaded here.
      submitAll(pool, 100);
      try (Recording recording = recording()) {
        submitAll(pool, THREADS);
        pins = pins(recording);
      }
      assertThat(pool.stats().succeeded()).isEqualTo(2 * (100 + THREADS));
    }
    assertThat(pins).filteredOn(VirtualThreadsTest::isOurs).isEmpty();
  }

  /** Half of them by get and half by join, and each a lambda too. */
  private static void submitAll(ProcessPool pool, int count) throws Exception {
    AtomicInteger right = new AtomicInteger();
    ExecutorService threads = virtualThreads();
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String order = "echo " + i;
      boolean joins = i % 2 == 0;
      all.add(
          threads.submit(
              () -> {
                JobFuture<String> job = pool.submit(ProcessPoolTest.Obey.class, order);
                String answer = joins ? job.join() : job.get();
                int length = pool.submit(() -> order.length()).get();
                if (answer.equals(order) && length == order.length()) {
                  right.incrementAndGet();
                }
                return null;
              }));
    }
    for (Future<?> each : all) {
      each.get(60, TimeUnit.SECONDS);
    }
    threads.shutdown();
    assertThat(right).hasValue(count);
  }

  private static Recording recording() {
    Recording recording = new Recording();
    recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ZERO).withStackTrace();
    recording.start();
    return recording;
  }

  private List<RecordedEvent> pins(Recording recording) throws IOException {
    recording.stop();
    Path file = directory.resolve("pins.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file);
  }

  private static boolean isOurs(RecordedEvent pin) {
    return pin.getStackTrace() != null
        && pin.getStackTrace().getFrames().stream()
            .anyMatch(frame -> frame.getMethod().getType().getName().startsWith("dev.forkyard."));
  }

  /** Whoever waits here has a native frame below, and so keeps its carrier. */
  static final class Pinning {
    static {
      LockSupport.parkNanos(50_000_000);
    }

    private Pinning() {}

    static void touch() {}
  }

  @Test
  void aThreadThatIsPinnedWouldBeSeen() throws Exception {
    ExecutorService threads = virtualThreads();
    try (Recording recording = recording()) {
      threads.submit(Pinning::touch).get();
      assertThat(pins(recording)).filteredOn(VirtualThreadsTest::isOurs).isNotEmpty();
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void subtasksOfAStructuredScopeWaitForJobs() throws Exception {
    // Before and after it the scopes were others.
    assumeThat(JAVA).isEqualTo(25);
    Path source = Path.of("src/test/structured/StructuredJobs.java").toAbsolutePath();
    Path output = directory.resolve("output");
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-preview",
                "--source",
                "25",
                "-cp",
                System.getProperty("java.class.path"),
                source.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(program.waitFor(90, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readAllLines(output))
        .contains("results 1000", "failed true", "waiting UNAVAILABLE", "running 1");
  }
}
