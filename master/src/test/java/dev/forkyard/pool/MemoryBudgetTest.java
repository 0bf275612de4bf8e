package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What all workers may hold together, with real processes. */
@Timeout(90)
@EnabledOnOs(OS.LINUX)
class MemoryBudgetTest {

  private static final long MIB = 1 << 20;

  @TempDir private Path directory;

  /**
   * Keeps so many MiB for ever, runs so many milliseconds or until a file is there, and tells when
   * it began and ended.
   */
  public static final class Hold implements JobHandler<String, String> {
    private final List<byte[]> kept = new ArrayList<>();

    @Override
    public String handle(String order, JobContext context) throws Exception {
      long began = System.nanoTime();
      String[] words = order.split(" ");
      byte[] bytes = new byte[Integer.parseInt(words[0]) << 20];
      Arrays.fill(bytes, (byte) 1);
      kept.add(bytes);
      if (words[1].startsWith("/")) {
        while (Files.notExists(Path.of(words[1]))) {
          LockSupport.parkNanos(1_000_000);
        }
      } else {
        Thread.sleep(Long.parseLong(words[1]));
      }
      return began + " " + System.nanoTime();
    }
  }

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(600 * MIB).memoryBudget(330 * MIB);
  }

  private static long held(ProcessPool pool) {
    return pool.workers().stream().mapToLong(WorkerInfo::memoryBytes).sum();
  }

  private static long part(String times, int index) {
    return Long.parseLong(times.split(" ")[index]);
  }

  @Test
  void jobsAreHeldBackWhileTheBudgetIsExceededAndThenTheLargestWorkerIsReplaced() throws Exception {
    Path go = directory.resolve("go");
    try (ProcessPool pool = small().build()) {
      await().until(() -> held(pool) > 0);
      JobFuture<String> large = pool.submit(Hold.class, "320 " + go);
      await().until(() -> held(pool) > 330 * MIB);
      List<JobFuture<String>> later = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        later.add(pool.submit(Hold.class, "1 1"));
      }
      // Whoever asks for the second time knows that what was asked before has come to its end.
      assertThat(pool.stats().submitted()).isEqualTo(5);
      assertThat(pool.stats().queued()).isEqualTo(4);
      Files.createFile(go);
      for (JobFuture<String> job : later) {
        assertThat(part(job.join(), 0)).isGreaterThan(part(large.join(), 1));
        assertThat(job.report().workerPid()).isNotEqualTo(large.report().workerPid());
      }
      long pid = large.report().workerPid().orElseThrow();
      await().until(() -> ProcessHandle.of(pid).isEmpty());
      assertThat(large.report().attempt()).isEqualTo(1);
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void jobsThatLeakGoOnInWorkersThatAreReplaced() {
    try (ProcessPool pool = small().build()) {
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        jobs.add(pool.submit(Hold.class, "60 600"));
      }
      assertThat(jobs).allMatch(job -> !job.join().isEmpty() && job.report().attempt() == 1);
      assertThat(pool.stats().lost()).isZero();
      assertThat(pool.stats().started()).isGreaterThan(2);
    }
  }

  @Test
  void aBudgetThatDoesNotHoldOneWorkerIsOneClearError() {
    try (ProcessPool pool = small().memoryBudget(2 * MIB).build()) {
      assertThatThrownBy(() -> pool.submit(Hold.class, "1 1").join())
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("before it had any job, more than memoryBudget allows (2097152");
    }
  }

  @Test
  void heapsThatOutgrowTheMachineAreToldOfWithTheArithmetic() {
    assertThat(WorkerCommand.overcommit(4, 512 * MIB, 256 * MIB, 2688 * MIB)).isNull();
    assertThat(WorkerCommand.overcommit(4, 512 * MIB, 256 * MIB, 2687 * MIB))
        .startsWith(
            "4 workers x (512 MiB of heap + 96 MiB beside it) + 256 MiB of this JVM's heap"
                + " = 2688 MiB, but the machine or container has 2687 MiB");
  }

  @Test
  void aPoolWhoseHeapsOutgrowTheMachineWarnsWhenItIsBuiltAndWhenItIsResized() {
    Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    told.start();
    logger.addAppender(told);
    ProcessPool.Builder unused = ProcessPool.builder().workers(2).minWorkers(0);
    try (ProcessPool pool = unused.workerHeapBytes(1L << 42).build()) {
      await().ignoreExceptions().until(() -> warned(told, "2 workers x (4194304 MiB of heap"));
      pool.resize(3);
      await().ignoreExceptions().until(() -> warned(told, "3 workers x (4194304 MiB of heap"));
    } finally {
      logger.detachAppender(told);
    }
  }

  private static boolean warned(ListAppender<ILoggingEvent> told, String text) {
    return told.list.stream().anyMatch(event -> event.getFormattedMessage().contains(text));
  }

  @Test
  void aBudgetThatIsNoneIsRefusedByNameAndValue() {
    assertThatThrownBy(() -> small().memoryBudget(0))
        .hasMessage("memoryBudget must be at least 1 MiB, but is 0");
  }
}
