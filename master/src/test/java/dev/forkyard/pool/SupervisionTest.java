package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the pool does about workers that do not start, or stand still, with real processes. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class SupervisionTest {

  @TempDir private Path directory;

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20);
  }

  @Test
  void aSettingThatNoWorkerBootsWithBreaksThePoolAtTheSecondBoot() throws Exception {
    Path boots = javaThatNeverBoots();
    try (ProcessPool pool = small().workers(1).javaHome(directory).build()) {
      assertThatThrownBy(() -> pool.submit(ProcessPoolTest.Obey.class, "a").join())
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("no such option");
    }
    assertThat(Files.readAllLines(boots)).hasSize(2);
  }

  @Test
  void aSettingThatNoWorkerBootsWithBreaksAPoolThatIsClosedAsSoon() throws Exception {
    Path boots = javaThatNeverBoots();
    JobFuture<String> job;
    try (ProcessPool pool = small().workers(1).javaHome(directory).build()) {
      job = pool.submit(ProcessPoolTest.Obey.class, "a");
    }
    assertThatThrownBy(job::join)
        .hasCauseInstanceOf(PoolBrokenException.class)
        .hasMessageContaining("no such option");
    assertThat(Files.readAllLines(boots)).hasSize(2);
  }

  /** Notes each start in the file that this answers with. */
  private Path javaThatNeverBoots() throws Exception {
    Path java = Files.createDirectories(directory.resolve("bin")).resolve("java");
    Path boots = directory.resolve("boots");
    Files.writeString(
        java, "#!/bin/sh\necho >> '%s'\necho no such option, says $$\nexit 1\n".formatted(boots));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    return boots;
  }

  @Test
  void workersThatAreStoppedWhileTheyIdleAreReplacedAndCostNoJob() throws Exception {
    try (ProcessPool pool = small().build()) {
      await().until(() -> ready(pool));
      List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
      for (long pid : pids) {
        new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor();
      }
      JobFuture<String> job = pool.submit(ProcessPoolTest.Obey.class, "pid");
      String pid = job.get(30, TimeUnit.SECONDS);
      assertThat(pids).doesNotContain(Long.valueOf(pid));
      assertThat(job.report().attempt()).isEqualTo(1);
      await().until(() -> ready(pool));
      await().until(() -> pids.stream().allMatch(old -> ProcessHandle.of(old).isEmpty()));
    }
  }

  private static boolean ready(ProcessPool pool) {
    return pool.workers().stream().filter(w -> w.state() == WorkerInfo.State.READY).count() == 2;
  }

  @Test
  void aJobWithoutADeadlineWhoseWorkerIsStoppedIsLostAsThat() throws Exception {
    Path go = directory.resolve("go");
    // Longer than a busy machine keeps the neighbour from its signs of life.
    try (ProcessPool pool = small().heartbeatTimeout(Duration.ofSeconds(8)).build()) {
      JobFuture<String> neighbour = pool.submit(MapTest.AwaitFile.class, go.toString());
      JobFuture<String> stopped = pool.submit(DeadlinesTest.Patient.class, "stop 0");
      assertThatThrownBy(() -> stopped.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOfSatisfying(
              WorkerLostException.class, lost -> assertThat(lost.frozen()).isTrue())
          .hasMessageContaining("showed no sign of life");
      Files.createFile(go);
      assertThat(neighbour.get(30, TimeUnit.SECONDS)).isEqualTo(go.toString());
    }
  }

  @Test
  void aHeartbeatThatIsTooShortIsRefusedByNameAndValue() {
    assertThatThrownBy(() -> small().heartbeatTimeout(Duration.ofMillis(999)))
        .hasMessage("heartbeatTimeout must be at least PT1S, but is PT0.999S");
  }
}
