package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Pools in handlers of pools. */
@Timeout(120)
class NestingTest {

  @TempDir private Path directory;

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(1).workerHeapBytes(96 << 20);
  }

  /** Has a pool of its own, of one level less; at the bottom it waits if it is told a file. */
  public static final class Descend implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      String[] words = input.split(" ", 2);
      int levels = Integer.parseInt(words[0]);
      String pid = Long.toString(ProcessHandle.current().pid());
      if (levels > 0) {
        try (ProcessPool pool = small().name("level-" + levels).build()) {
          return pid + " " + pool.submit(Descend.class, levels - 1 + " " + words[1]).join();
        }
      }
      if (!words[1].equals("-")) {
        Files.createFile(Path.of(words[1]));
        LockSupport.park();
      }
      return pid;
    }
  }

  @Test
  void threePoolsWithinEachOtherWorkAndLeaveNothing() {
    List<Long> pids;
    try (ProcessPool pool = small().build()) {
      String[] told = pool.submit(Descend.class, "2 -").join().split(" ");
      pids = List.of(told).stream().map(Long::valueOf).toList();
      assertThat(pids).hasSize(3).doesNotHaveDuplicates();
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> pids.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty()));
  }

  @Test
  void aFourthIsRefusedAndFailsTheJobThatBuildsIt() {
    try (ProcessPool pool = small().build()) {
      assertThatThrownBy(() -> pool.submit(Descend.class, "3 -").join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining(
              "pool level-1 would have 3 pools around it, in whose jobs this process was started,"
                  + " and maxDepth is 3 pools in all");
      assertThat(pool.submit(Descend.class, "1 -").join().split(" ")).hasSize(2);
    }
  }

  @Test
  void theOutermostPoolsLimitCountsForThoseInItThatHaveNone() {
    try (ProcessPool pool = small().maxDepth(1).build()) {
      assertThat(pool.submit(Descend.class, "0 -").join()).isNotEmpty();
      assertThatThrownBy(() -> pool.submit(Descend.class, "1 -").join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("maxDepth is 1 pools in all");
    }
    try (ProcessPool pool = small().maxDepth(4).build()) {
      assertThat(pool.submit(Descend.class, "3 -").join().split(" ")).hasSize(4);
    }
  }

  @Test
  void whatTheEnvironmentTellsIsUnderstoodAndWhatItNeverToldIsNone() {
    assertThat(Nesting.of(null, 0).ofWorkers()).isEqualTo("1/3");
    assertThat(Nesting.of("2/5", 0).ofWorkers()).isEqualTo("3/5");
    assertThat(Nesting.of("2/5", 9).ofWorkers()).isEqualTo("3/9");
    assertThat(Nesting.of("deep", 0).ofWorkers()).isEqualTo("1/3");
    assertThat(Nesting.of("99999999/1", 0).ofWorkers()).isEqualTo("1/3");
    assertThatThrownBy(() -> Nesting.of("2/2", 0).check("p"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> small().maxDepth(0))
        .hasMessage("maxDepth must be at least 1, but is 0");
  }

  /** A program whose pool has pools in it. */
  static final class Outermost {

    private Outermost() {}

    public static void main(String[] args) {
      try (ProcessPool pool = small().build()) {
        System.out.println(pool.submit(Descend.class, "2 " + args[0]).join());
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void nothingOfAllLevelsIsLeftWhenTheOutermostProgramIsKilled() throws Exception {
    Path here = directory.resolve("here");
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx96m",
                "-cp",
                System.getProperty("java.class.path"),
                Outermost.class.getName(),
                here.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    try {
      await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(here));
      // Three workers and three guards, at least.
      List<ProcessHandle> all = program.descendants().toList();
      assertThat(all).hasSizeGreaterThanOrEqualTo(6);
      new ProcessBuilder("kill", "-9", Long.toString(program.pid())).start().waitFor();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> all.stream().noneMatch(ProcessHandle::isAlive));
    } finally {
      program.destroyForcibly().waitFor();
    }
  }
}
