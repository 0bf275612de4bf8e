package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.workload.Echo;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.process.Stdio;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to start: a process, and a pool to its first result. */
@Warmup(iterations = 3)
@Measurement(iterations = 15)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+IgnoreUnrecognizedVMOptions",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class StartBenchmark {

  private static final SpawnOptions SILENT =
      SpawnOptions.builder()
          .stdin(Stdio.ignore())
          .stdout(Stdio.ignore())
          .stderr(Stdio.ignore())
          .build();

  /** {@code /bin/true} from its start to its end. */
  @Benchmark
  public Object spawn() throws Exception {
    return ChildProcess.spawn(List.of("/bin/true"), SILENT).onExit().get();
  }

  /** A pool of one worker: made, used once and closed. */
  @Benchmark
  public byte[] onePoolOneJob() throws Exception {
    return poolOf(1);
  }

  /** A pool of two workers: made, used once and closed. */
  @Benchmark
  public byte[] twoWorkersOneJob() throws Exception {
    return poolOf(2);
  }

  private static byte[] poolOf(int workers) throws Exception {
    try (ProcessPool pool =
        ProcessPool.builder().classDataSharing(false).workers(workers).build()) {
      return pool.submit(Echo.class, new byte[16]).get();
    }
  }
}
