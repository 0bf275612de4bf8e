package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** When workers are replaced though nothing is wrong with them, with real processes. */
@Timeout(60)
class RecyclingTest {

  @TempDir private Path directory;

  private static ProcessPool.Builder small(int workers) {
    return ProcessPool.builder().workers(workers).workerHeapBytes(64 << 20);
  }

  private static List<String> pids(ProcessPool pool, int jobs) {
    List<JobFuture<String>> futures = new ArrayList<>();
    for (int i = 0; i < jobs; i++) {
      futures.add(pool.submit(ProcessPoolTest.Obey.class, "pid"));
    }
    return futures.stream().map(JobFuture::join).toList();
  }

  @Test
  void aWorkerIsReplacedAfterItsJobsAndNoJobIsLost() {
    try (ProcessPool pool = small(1).maxJobsPerWorker(3).build()) {
      List<String> pids = pids(pool, 7);
      assertThat(pids.subList(0, 3)).containsOnly(pids.get(0));
      assertThat(pids.subList(3, 6)).containsOnly(pids.get(3)).doesNotContain(pids.get(0));
      assertThat(pids.get(6)).isNotIn(pids.subList(0, 6));
      long first = Long.parseLong(pids.get(0));
      await().until(() -> ProcessHandle.of(first).isEmpty());
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void aBacklogGoesThroughWorkersThatMayDoLittle() {
    try (ProcessPool pool = small(2).maxJobsPerWorker(2).build()) {
      Map<String, Long> jobsOf =
          pids(pool, 8).stream()
              .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
      assertThat(jobsOf.values()).allMatch(jobs -> jobs <= 2);
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void aClosedPoolDoesAllThatItAcceptedThoughItsWorkersMayDoLittle() {
    List<JobFuture<String>> jobs = new ArrayList<>();
    try (ProcessPool pool = small(1).maxJobsPerWorker(2).build()) {
      for (int i = 0; i < 6; i++) {
        jobs.add(pool.submit(ProcessPoolTest.Obey.class, "pid"));
      }
    }
    assertThat(jobs.stream().map(JobFuture::join).distinct()).hasSize(3);
  }

  @Test
  void allWorkersAreReplacedOnDemandOneAfterTheOther() {
    try (ProcessPool pool = small(2).build()) {
      await().until(() -> ready(pool) == 2);
      List<Long> old = pool.workers().stream().map(WorkerInfo::pid).toList();
      pool.recycle();
      await()
          .pollInterval(Duration.ofMillis(5))
          .until(
              () -> {
                assertThat(ready(pool)).isGreaterThanOrEqualTo(2);
                return old.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty());
              });
      assertThat(pids(pool, 4))
          .doesNotContainAnyElementsOf(old.stream().map(String::valueOf).toList());
      assertThat(pool.stats().lost()).isZero();
    }
  }

  private static long ready(ProcessPool pool) {
    return pool.workers().stream()
        .filter(w -> w.state() == WorkerInfo.State.READY || w.state() == WorkerInfo.State.BUSY)
        .count();
  }

  @Test
  void aWorkerThatIsTooOldIsReplaced() {
    try (ProcessPool pool = small(1).maxWorkerAge(Duration.ofSeconds(2)).build()) {
      String old = pids(pool, 1).get(0);
      await().until(() -> !pids(pool, 1).get(0).equals(old));
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void eightWorkersUnderEqualLoadAreNeverFewerThanSevenWhileTheyAreReplaced() {
    try (ProcessPool pool = small(8).maxJobsPerWorker(25).build()) {
      await().until(() -> ready(pool) == 8);
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        jobs.add(pool.submit(ProcessPoolTest.Obey.class, "sleep 20"));
      }
      await()
          .atMost(Duration.ofSeconds(50))
          .pollInterval(Duration.ofMillis(5))
          .until(
              () -> {
                assertThat(ready(pool)).isGreaterThanOrEqualTo(7);
                assertThat(pool.stats().workers()).isLessThanOrEqualTo(9);
                return jobs.stream().allMatch(JobFuture::isDone);
              });
      assertThat(jobs).allMatch(job -> job.join().equals("sleep 20"));
      assertThat(pool.stats().started()).isGreaterThanOrEqualTo(16);
      assertThat(pool.stats().lost()).isZero();
    }
  }

  /** Keeps so many MiB for ever, then waits so many milliseconds, and says who it is. */
  public static final class Leak implements JobHandler<String, String> {
    private final List<byte[]> kept = new ArrayList<>();

    @Override
    public String handle(String order, JobContext context) throws Exception {
      String[] words = order.split(" ");
      byte[] bytes = new byte[Integer.parseInt(words[0]) << 20];
      Arrays.fill(bytes, (byte) 1);
      kept.add(bytes);
      Thread.sleep(Long.parseLong(words[1]));
      return String.valueOf(ProcessHandle.current().pid());
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aWorkerThatHoldsTooMuchMemoryIsReplacedBetweenTwoJobs() {
    try (ProcessPool pool =
        small(1).workerHeapBytes(400 << 20).maxWorkerMemory(220 << 20).build()) {
      // It holds too much for longer than the pool looks away, and ends its job all the same.
      JobFuture<String> large = pool.submit(Leak.class, "250 3000");
      String pid = large.join();
      assertThat(large.report().attempt()).isEqualTo(1);
      await().until(() -> !pids(pool, 1).get(0).equals(pid));
      await().until(() -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void workersThatHoldTooMuchBeforeTheirFirstJobAreOneClearErrorAndNoLoop() {
    try (ProcessPool pool = small(1).maxWorkerMemory(2 << 20).build()) {
      assertThatThrownBy(() -> pool.submit(ProcessPoolTest.Obey.class, "a").join())
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("before it had any job, more than maxWorkerMemory allows (2097152");
      assertThat(pool.stats().started()).isEqualTo(2);
    }
  }

  /** Tells in a file that it was stopped, and may then take its time. */
  public static final class Stopped implements JobHandler<String, String> {
    private Path file = Path.of("nowhere");
    private boolean hangs;

    @Override
    public String handle(String order, JobContext context) {
      String[] words = order.split(" ", 2);
      hangs = words[0].equals("hangs");
      file = Path.of(words[1]);
      return String.valueOf(ProcessHandle.current().pid());
    }

    @Override
    public void stop() throws Exception {
      Files.writeString(file, "stopped");
      while (hangs) {
        Thread.sleep(1_000);
      }
    }
  }

  @Test
  void aHandlerIsStoppedWhenItsWorkerIsReplaced() {
    try (ProcessPool pool = small(1).build()) {
      Path file = directory.resolve("ends");
      long old = Long.parseLong(pool.submit(Stopped.class, "ends " + file).join());
      pool.recycle();
      await().until(() -> ProcessHandle.of(old).isEmpty());
      assertThat(file).hasContent("stopped");
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void aHandlerThatDoesNotStopInTimeIsKilledAndItsReplacementWorks() {
    try (ProcessPool pool = small(1).stopTimeout(Duration.ofSeconds(5)).build()) {
      Path file = directory.resolve("hangs");
      long old = Long.parseLong(pool.submit(Stopped.class, "hangs " + file).join());
      pool.recycle();
      await().until(() -> Files.exists(file));
      assertThat(pids(pool, 1)).doesNotContain(String.valueOf(old));
      await().until(() -> ProcessHandle.of(old).isEmpty());
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void aWorkerWhoseJobLastsDoesNotKeepOthersFromBeingReplaced() throws Exception {
    Path go = directory.resolve("go");
    try (ProcessPool pool = small(2).build()) {
      await().until(() -> ready(pool) == 2);
      JobFuture<String> lasts = pool.submit(MapTest.AwaitFile.class, go.toString());
      await().until(() -> pool.stats().running() == 1);
      List<Long> old = pool.workers().stream().map(WorkerInfo::pid).toList();
      pool.recycle();
      await()
          .until(() -> old.stream().filter(pid -> ProcessHandle.of(pid).isPresent()).count() == 1);
      assertThat(lasts.isDone()).isFalse();
      Files.createFile(go);
      lasts.join();
      assertThat(old).contains(lasts.report().workerPid().orElseThrow());
      await().until(() -> old.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty()));
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void limitsThatAreNoneAreRefusedByNameAndValue() {
    assertThatThrownBy(() -> small(1).maxJobsPerWorker(0))
        .hasMessage("maxJobsPerWorker must be at least 1, but is 0");
    assertThatThrownBy(() -> small(1).maxWorkerAge(Duration.ZERO))
        .hasMessage("maxWorkerAge must be more than zero, but is PT0S");
    assertThatThrownBy(() -> small(1).maxWorkerMemory(1000))
        .hasMessage("maxWorkerMemory must be at least 1 MiB, but is 1000");
    assertThatThrownBy(() -> small(1).stopTimeout(Duration.ofSeconds(-1)))
        .hasMessage("stopTimeout must be more than zero, but is PT-1S");
  }
}
