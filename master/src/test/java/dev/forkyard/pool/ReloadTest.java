package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.process.ForkOptions;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How the number of workers and their settings change under load, with real processes. */
@Timeout(90)
class ReloadTest {

  @TempDir private Path directory;

  /** Tells of a setting of its JVM, or of a file on its class path, after a little while. */
  public static final class Tell implements JobHandler<String, String> {
    @Override
    public String handle(String name, JobContext context) throws Exception {
      Thread.sleep(10);
      if (!name.endsWith(".txt")) {
        return System.getProperty(name, "none");
      }
      try (var in = Tell.class.getResourceAsStream("/" + name)) {
        return in == null ? "none" : new String(in.readAllBytes());
      }
    }
  }

  private static ProcessPool.Builder small(int workers) {
    return ProcessPool.builder().workers(workers).workerHeapBytes(64 << 20);
  }

  private static long ready(ProcessPool pool) {
    return pool.workers().stream()
        .filter(w -> w.state() == WorkerInfo.State.READY || w.state() == WorkerInfo.State.BUSY)
        .count();
  }

  private static List<Long> pids(ProcessPool pool) {
    return pool.workers().stream().map(WorkerInfo::pid).toList();
  }

  /**
   * Submits jobs, a few at a time, until it is told to stop, and then has had all their results.
   */
  private static final class Load {
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final List<JobFuture<String>> jobs = new ArrayList<>();
    private final Thread thread;

    Load(ProcessPool pool, String name) {
      thread =
          new Thread(
              () -> {
                for (int i = 0; !stopped.get(); i++) {
                  jobs.add(pool.submit(Tell.class, name));
                  if (i >= 12) {
                    jobs.get(i - 12).exceptionally(failure -> "failed").join();
                  }
                }
              });
      thread.start();
    }

    List<JobFuture<String>> stop() throws InterruptedException {
      stopped.set(true);
      thread.join();
      return jobs;
    }
  }

  private static void assertNoneLost(ProcessPool pool, List<JobFuture<String>> jobs) {
    for (JobFuture<String> job : jobs) {
      job.join();
      assertThat(job.report().attempt()).isEqualTo(1);
    }
    assertThat(pool.stats().lost()).isZero();
    assertThat(pool.stats().succeeded()).isEqualTo(pool.stats().submitted());
  }

  @Test
  void resizedFromTwoToSixToOneUnderLoadNoJobIsLost() throws Exception {
    try (ProcessPool pool = small(2).build()) {
      Load load = new Load(pool, "none");
      await().until(() -> ready(pool) == 2);
      pool.resize(6);
      await().atMost(Duration.ofSeconds(30)).until(() -> ready(pool) == 6);
      List<Long> six = pids(pool);
      pool.resize(1);
      await().atMost(Duration.ofSeconds(30)).until(() -> pool.stats().workers() == 1);
      long left = pids(pool).get(0);
      assertThat(six).contains(left);
      await()
          .until(
              () -> six.stream().allMatch(pid -> pid == left || ProcessHandle.of(pid).isEmpty()));
      assertNoneLost(pool, load.stop());
    }
  }

  @Test
  void workersTooManyEndTheirJobsFirst() throws Exception {
    try (ProcessPool pool = small(3).build()) {
      await().until(() -> ready(pool) == 3);
      String go = directory.resolve("go").toString();
      List<JobFuture<String>> lasting = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        lasting.add(pool.submit(MapTest.AwaitFile.class, go));
      }
      await().until(() -> pool.stats().running() == 3);
      pool.resize(1);
      List<JobFuture<String>> later = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        later.add(pool.submit(ProcessPoolTest.Obey.class, "pid"));
      }
      Files.createFile(Path.of(go));
      for (JobFuture<String> job : lasting) {
        assertThat(job.join()).isEqualTo(go);
        assertThat(job.report().attempt()).isEqualTo(1);
      }
      assertThat(later.stream().map(JobFuture::join).distinct()).hasSize(1);
      await().until(() -> pool.stats().workers() == 1);
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void reloadedUnderLoadAllWorkersHaveTheNewOptionsAndNoJobIsLost() throws Exception {
    try (ProcessPool pool = small(3).jvmOptions(List.of("-Dcolour=red")).build()) {
      await().until(() -> ready(pool) == 3);
      List<Long> old = pids(pool);
      Load load = new Load(pool, "colour");
      CompletableFuture<@Nullable Void> reload =
          pool.reload(ForkOptions.ownClassPath(), List.of("-Dcolour=blue"));
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(5))
          .until(
              () -> {
                assertThat(ready(pool)).isGreaterThanOrEqualTo(3);
                assertThat(pool.stats().workers()).isLessThanOrEqualTo(4);
                return reload.isDone();
              });
      reload.join();
      assertThat(old).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
      List<JobFuture<String>> jobs = load.stop();
      assertNoneLost(pool, jobs);
      assertThat(jobs.stream().map(JobFuture::join)).containsOnly("red", "blue");
      assertThat(pool.submit(Tell.class, "colour").join()).isEqualTo("blue");
    }
  }

  @Test
  void reloadedWithAnotherClassPathWorkersFindWhatIsThere() throws Exception {
    Files.writeString(Files.createDirectory(directory.resolve("new")).resolve("what.txt"), "new");
    try (ProcessPool pool = small(1).build()) {
      assertThat(pool.submit(Tell.class, "what.txt").join()).isEqualTo("none");
      List<Path> classPath = new ArrayList<>(ForkOptions.ownClassPath());
      classPath.add(directory.resolve("new"));
      pool.reload(classPath, List.of()).get(40, TimeUnit.SECONDS);
      assertThat(pool.submit(Tell.class, "what.txt").join()).isEqualTo("new");
      pool.reload().get(40, TimeUnit.SECONDS);
      assertThat(pool.submit(Tell.class, "what.txt").join()).isEqualTo("new");
    }
  }

  @Test
  void aReloadWhoseWorkersDoNotBootIsRolledBackAndReported() throws Exception {
    try (ProcessPool pool = small(2).jvmOptions(List.of("-Dcolour=red")).build()) {
      await().until(() -> ready(pool) == 2);
      List<Long> old = pids(pool);
      Load load = new Load(pool, "colour");
      assertThatThrownBy(
              () -> pool.reload(ForkOptions.ownClassPath(), List.of("-XX:NoSuchFlag=1")).join())
          .isInstanceOf(CompletionException.class)
          .cause()
          .isInstanceOf(ReloadFailedException.class)
          .hasMessageContaining("was not reloaded")
          .hasMessageContaining("NoSuchFlag")
          .hasMessageContaining("those of before are in use again");
      assertThat(pids(pool)).containsAll(old);
      List<JobFuture<String>> jobs = load.stop();
      for (JobFuture<String> job : jobs) {
        assertThat(job.join()).isEqualTo("red");
      }
      // A worker that is launched now has the old options.
      pool.recycle();
      await().until(() -> old.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty()));
      assertThat(pool.submit(Tell.class, "colour").join()).isEqualTo("red");
    }
  }

  @Test
  void aSecondReloadAndOneOfAClosedPoolAreRefused() throws Exception {
    // No worker boots, so that the first one stays under way.
    Path home = FirstWorker.javaHome(directory, "#!/bin/sh\nexec sleep 1000\n");
    ProcessPool pool = small(1).classDataSharing(false).javaHome(home).build();
    CompletableFuture<@Nullable Void> first = pool.reload();
    assertThatThrownBy(() -> pool.reload().join())
        .hasCauseInstanceOf(ReloadFailedException.class)
        .hasMessageContaining("another reload is under way");
    assertThat(first).isNotDone();
    pool.close();
    assertThat(first).isDone();
    assertThatThrownBy(() -> pool.reload().join())
        .hasCauseInstanceOf(ReloadFailedException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aSizeThatIsNoneIsRefusedByNameAndValue() {
    try (ProcessPool pool = small(1).build()) {
      assertThatThrownBy(() -> pool.resize(0)).hasMessage("workers must be at least 1, but is 0");
    }
  }
}
