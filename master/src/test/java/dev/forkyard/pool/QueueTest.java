package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What waits, and for how long. */
@Timeout(60)
class QueueTest {

  @TempDir private Path directory;

  private ProcessPool.Builder small() {
    return ProcessPool.builder().workers(1).prefetch(0).workerHeapBytes(64 << 20);
  }

  /** Runs until the file is there. */
  private JobFuture<String> hold(ProcessPool pool) {
    String mark = directory.resolve("running").toString();
    String go = directory.resolve("go").toString();
    JobFuture<String> held = pool.submit(() -> SerializableExecutorServiceTest.hold(mark, go));
    await().until(() -> Files.exists(Path.of(mark)));
    return held;
  }

  private void release() throws IOException {
    Files.createFile(directory.resolve("go"));
  }

  @Test
  void aFullQueueRefusesAtOnceWhereThatIsAskedForAndWorksAgainAfterADrain() throws IOException {
    try (ProcessPool pool = small().queueCapacity(3).submitTimeout(Duration.ZERO).build();
        SerializableExecutorService executor = pool.asExecutorService()) {
      hold(pool);
      List<JobFuture<Integer>> waiting = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int n = i;
        waiting.add(pool.submit(() -> n));
      }
      assertThatThrownBy(() -> pool.submit(() -> 4))
          .isInstanceOf(JobRejectedException.class)
          .hasMessageContaining("3 jobs wait in it (queueCapacity)")
          .hasMessageContaining("within 0 ms (submitTimeout)");
      assertThatThrownBy(() -> executor.submit(() -> 4))
          .isInstanceOf(RejectedExecutionException.class);
      assertThatThrownBy(() -> executor.invokeAll(List.of(() -> 4), 30, TimeUnit.SECONDS))
          .isInstanceOf(RejectedExecutionException.class);
      assertThat(pool.stats().queued()).isEqualTo(3);
      release();
      for (int i = 0; i < 3; i++) {
        assertThat(waiting.get(i).join()).isEqualTo(i);
      }
      assertThat(pool.submit(() -> 5).join()).isEqualTo(5);
    }
  }

  @Test
  void aFullQueueRefusesAfterTheTimeThatItMay() throws IOException {
    Duration patience = Duration.ofMillis(100);
    try (ProcessPool pool = small().queueCapacity(1).submitTimeout(patience).build()) {
      hold(pool);
      JobFuture<Integer> waits = pool.submit(() -> 1);
      long start = System.nanoTime();
      assertThatThrownBy(() -> pool.submit(() -> 2))
          .isInstanceOf(JobRejectedException.class)
          .hasMessageContaining("within 100 ms (submitTimeout)");
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(patience.toNanos());
      release();
      assertThat(waits.join()).isEqualTo(1);
    }
  }

  @Test
  void aFullQueueMakesWhoSubmitsWaitForAPlaceByDefault() throws Exception {
    try (ProcessPool pool = small().queueCapacity(1).build()) {
      hold(pool);
      pool.submit(() -> 1);
      List<Integer> results = new ArrayList<>();
      Thread submitter = new Thread(() -> results.add(pool.submit(() -> 2).join()));
      submitter.start();
      await().until(() -> submitter.getState() == Thread.State.TIMED_WAITING);
      assertThat(pool.stats().submitted()).isEqualTo(2);
      release();
      submitter.join();
      assertThat(results).containsExactly(2);
    }
  }

  @Test
  void aNegativeSubmitTimeoutIsRefusedByNameAndValue() {
    assertThatThrownBy(() -> small().submitTimeout(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("submitTimeout must be zero or more, but is PT-1S");
  }
}
