package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
      await().until(() -> submitter.getState() == Thread.State.WAITING);
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

  /** Tells that it runs, after those that did before. */
  static String tell(String file, String name) throws IOException {
    Files.writeString(
        Path.of(file), name + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return name;
  }

  private List<String> orderOf(ProcessPool pool, List<JobFuture<String>> jobs) throws IOException {
    // Asked on the loop, after all of them came there.
    assertThat(pool.stats().queued()).isEqualTo(jobs.size());
    release();
    jobs.forEach(JobFuture::join);
    return Files.readAllLines(directory.resolve("order"));
  }

  @Test
  void higherPrioritiesRunFirstAndThoseOfOneInTheirOrder() throws IOException {
    String order = directory.resolve("order").toString();
    try (ProcessPool pool = small().build()) {
      hold(pool);
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int priority : new int[] {0, -10, 10, 0, 10, 5}) {
        String name = priority + "/" + jobs.size();
        JobOptions options = JobOptions.defaults().withPriority(priority);
        jobs.add(pool.submit(() -> tell(order, name), options));
      }
      assertThat(orderOf(pool, jobs)).containsExactly("10/2", "10/4", "5/5", "0/0", "0/3", "-10/1");
    }
  }

  @Test
  void labelsTakeTurnsHoweverManyJobsEachHas() throws IOException {
    String order = directory.resolve("order").toString();
    try (ProcessPool pool = small().build()) {
      hold(pool);
      List<JobFuture<String>> jobs = new ArrayList<>();
      JobOptions many = JobOptions.defaults().withLabel("many");
      for (int i = 0; i < 5; i++) {
        String name = "many/" + i;
        jobs.add(pool.submit(() -> tell(order, name), many));
      }
      JobOptions few = JobOptions.defaults().withLabel("few");
      jobs.add(pool.submit(() -> tell(order, "few/0"), few));
      jobs.add(pool.submit(() -> tell(order, "few/urgent"), few.withPriority(1)));
      jobs.add(pool.submit(() -> tell(order, "none")));
      assertThat(orderOf(pool, jobs))
          .containsExactly(
              "many/0", "few/urgent", "none", "many/1", "few/0", "many/2", "many/3", "many/4");
    }
  }

  @Test
  void aPriorityOutOfItsRangeIsRefusedByNameAndValue() {
    for (int priority : new int[] {-11, 11}) {
      assertThatThrownBy(() -> JobOptions.defaults().withPriority(priority))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("priority must be from -10 to 10, but is " + priority);
    }
  }
}
