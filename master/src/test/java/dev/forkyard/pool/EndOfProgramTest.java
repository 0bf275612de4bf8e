package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However a program with a pool ends, the pool ends with it, and does not keep it from its end. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class EndOfProgramTest {

  @TempDir private Path directory;

  /** How it ends, with one job that runs and never would end, and its exit code. */
  enum End {
    FORGETS_TO_CLOSE(0),
    THROWS(1),
    EXITS(5),
    HALTS(6),
    TERM(143),
    INT(130),
    HUP(129),
    KILL(137);

    private final int exitCode;

    End(int exitCode) {
      this.exitCode = exitCode;
    }

    boolean isSignal() {
      return exitCode > 128;
    }
  }

  /** A program that has a pool and ends as it is told. */
  public static final class Program {

    private Program() {}

    /** Prints the ids of its workers, and ends or waits for its end. */
    public static void main(String[] args) throws Exception {
      ProcessPool pool = ProcessPool.builder().workers(2).workerHeapBytes(64 << 20).build();
      pool.submit(ProcessPoolTest.Obey.class, "child");
      await().until(() -> pool.stats().running() == 1);
      await().until(() -> pool.workers().stream().allMatch(worker -> worker.pid() > 0));
      StringBuilder pids = new StringBuilder("pids");
      pool.workers().forEach(worker -> pids.append(' ').append(worker.pid()));
      System.out.println(pids);
      switch (End.valueOf(args[0])) {
        case FORGETS_TO_CLOSE -> {}
        case THROWS -> throw new IllegalStateException("as told");
        case EXITS -> System.exit(5);
        case HALTS -> Runtime.getRuntime().halt(6);
        default -> TimeUnit.MINUTES.sleep(5);
      }
    }
  }

  @ParameterizedTest(name = "{0}: the program ends, and no process of its pool is left")
  @EnumSource
  void leavesNothing(End end) throws Exception {
    Path output = directory.resolve("output");
    List<String> command =
        List.of(
            // Whoever runs the tests may ignore SIGINT, which children inherit.
            "env",
            "--default-signal",
            FirstWorker.realJava().toString(),
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName(),
            end.name());
    Process program =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> !pids(output).isEmpty() || !program.isAlive());
      List<Long> pids = pids(output);
      assertThat(pids).as(Files.readString(output)).hasSize(2);
      if (end.isSignal()) {
        String pid = Long.toString(program.pid());
        new ProcessBuilder("kill", "-" + end.name(), pid).start().waitFor();
      }
      assertThat(program.waitFor(30, TimeUnit.SECONDS)).as(end + " ends it").isTrue();
      assertThat(program.exitValue()).as(Files.readString(output)).isEqualTo(end.exitCode);
      await().until(() -> pids.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty()));
      await().until(() -> directories(program.pid()) == 0);
    } finally {
      program.destroyForcibly();
    }
  }

  private static List<Long> pids(Path output) throws IOException {
    List<Long> pids = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      if (line.startsWith("pids ")) {
        Arrays.stream(line.substring(5).split(" ")).map(Long::valueOf).forEach(pids::add);
      }
    }
    return pids;
  }

  private static long directories(long pid) throws IOException {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    Path place = runtime == null || runtime.isEmpty() ? Path.of("/tmp") : Path.of(runtime);
    try (var files = Files.list(place)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("forkyard-" + pid + "-"))
          .count();
    }
  }
}
