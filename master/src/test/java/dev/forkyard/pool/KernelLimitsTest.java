package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel refuses, or ends, when there is no more: in control groups with little. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class KernelLimitsTest {

  @TempDir private Path directory;

  private final List<Path> groups = new ArrayList<>();

  /** Takes what there is, in the way that its input says. */
  public static final class Greedy implements JobHandler<String, String> {
    @Override
    public String handle(String what, JobContext context) {
      List<Object> all = new ArrayList<>();
      while (what.equals("memory") || what.equals("threads")) {
        all.add(what.equals("memory") ? new long[1 << 20] : thread());
      }
      return what;
    }

    private static Thread thread() {
      Thread thread = new Thread(() -> LockSupport.parkNanos(Long.MAX_VALUE));
      thread.setDaemon(true);
      thread.start();
      return thread;
    }
  }

  /** A program with a pool, all of which shares one limit. */
  public static final class Program {

    private Program() {}

    /** Prints what became of a job that takes all memory, and of the next. */
    public static void main(String[] args) {
      ProcessPool.Builder builder = ProcessPool.builder().workers(2).workerHeapBytes(4L << 30);
      try (ProcessPool pool = builder.onOutput((pid, line) -> {}).build()) {
        try {
          pool.submit(Greedy.class, "memory").join();
        } catch (CompletionException e) {
          WorkerLostException lost = (WorkerLostException) e.getCause();
          System.out.println("lost by " + lost.signal() + ", " + lost.outOfMemory());
          System.out.println(lost.getMessage());
        }
        System.out.println(pool.submit(Greedy.class, "the next").join());
      }
    }
  }

  @AfterEach
  void removeGroups() {
    // A group can't go before its last process has.
    groups.forEach(group -> await().until(() -> group.toFile().delete() || Files.notExists(group)));
  }

  @Test
  void whereMemoryRunsOutTheKernelTakesTheWorkerAndNotTheProgram() throws Exception {
    Path group = group("memory", "memory.limit_in_bytes", "memory.max", 400 << 20);
    Path output = directory.resolve("output");
    List<String> command =
        List.of(
            "sh",
            "-c",
            "echo $$ > " + group.resolve("cgroup.procs") + " && exec \"$@\"",
            "sh",
            FirstWorker.realJava().toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as(said).isZero();
    assertThat(said)
        .contains("lost by Optional[SIGKILL], true")
        .contains("by the kernel, it seems, which had no more memory")
        .endsWith("the next\n");
  }

  @Test
  void aJobThatStartsThreadsUntilThereAreNoMoreFailsAsOutOfMemoryAndItsWorkerIsReplaced()
      throws Exception {
    Path group = group("pids", "pids.max", "pids.max", 60);
    String script =
        "#!/bin/sh\necho $$ > '%s'\nexec '%s' \"$@\"\n"
            .formatted(group.resolve("cgroup.procs"), FirstWorker.realJava());
    ProcessPool.Builder limited =
        ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).onOutput((pid, line) -> {});
    try (ProcessPool pool = limited.javaHome(FirstWorker.javaHome(directory, script)).build()) {
      JobFuture<String> job = pool.submit(Greedy.class, "threads");
      assertThat(job.handle((result, error) -> error).get(40, TimeUnit.SECONDS))
          .isInstanceOfSatisfying(
              JobFailedException.class,
              failed -> {
                assertThat(failed.outOfMemory()).isTrue();
                assertThat(failed.errorMessage()).contains("unable to create native thread");
              });
      JobFuture<String> next = pool.submit(Greedy.class, "next");
      assertThat(next.get(40, TimeUnit.SECONDS)).isEqualTo("next");
      assertThat(next.report().workerPid()).isNotEqualTo(job.report().workerPid());
    }
  }

  /** Makes one with a limit; who may not, or has none of that kind, does not run the test. */
  private Path group(String kind, String version1, String version2, long limit) {
    Path root = Path.of("/sys/fs/cgroup");
    String name = "forkyard-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    boolean first = Files.isDirectory(root.resolve(kind));
    Path group = (first ? root.resolve(kind) : root).resolve(name);
    try {
      Files.createDirectory(group);
      groups.add(group);
      Files.writeString(group.resolve(first ? version1 : version2), Long.toString(limit));
    } catch (IOException mayNot) {
      assumeThat(mayNot).as("control groups of one's own").isNull();
    }
    return group;
  }
}
