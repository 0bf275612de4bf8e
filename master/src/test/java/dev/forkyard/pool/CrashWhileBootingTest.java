package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way for a worker to end before it has greeted, in its JVM. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class CrashWhileBootingTest {

  @TempDir private Path directory;

  /** A worker that comes to its end instead of greeting. */
  public static final class Stillborn {

    private Stillborn() {}

    /** Ends as it was told. */
    public static void main(String[] args) throws Exception {
      Ending.valueOf(System.getProperty(FirstWorker.PROPERTY)).happen();
    }
  }

  static Stream<Ending> endings() {
    return CrashMatrixTest.WIDE
        ? Stream.of(Ending.values())
        : Stream.of(Ending.EXCEPTION, Ending.CRASH);
  }

  @ParameterizedTest(name = "{0} while booting costs no job")
  @MethodSource("endings")
  void costsNoJob(Ending ending) throws Exception {
    ProcessPool.Builder booting =
        ProcessPool.builder()
            .workers(1)
            .workerHeapBytes(64 << 20)
            .crashDirectory(directory)
            .jvmOptions(Ending.SMALL)
            .classDataSharing(false)
            .onOutput((pid, line) -> {})
            .javaHome(FirstWorker.javaHome(directory, Stillborn.class, ending.name()))
            // It ends the one that is stopped; a real one may need it on a busy machine.
            .bootTimeout(Duration.ofSeconds(ending == Ending.STOP ? 4 : 60));
    try (ProcessPool pool = booting.build()) {
      JobFuture<String> job = pool.submit(ProcessPoolTest.Obey.class, "at last");
      assertThat(job.get(40, TimeUnit.SECONDS)).isEqualTo("at last");
      assertThat(job.report().attempt()).isEqualTo(1);
      assertThat(pool.stats().started()).isEqualTo(2);
      List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
      assertThat(pids).containsExactly(job.report().workerPid().orElseThrow());
    }
  }
}
