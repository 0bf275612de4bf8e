package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.workload.Echo;
import dev.forkyard.pool.ProcessPool;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** 16 bytes there and back by {@code map}, whose results come in order. */
@State(Scope.Benchmark)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+IgnoreUnrecognizedVMOptions",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class MapBenchmark {

  private static final int JOBS = 10_000;

  private final List<byte[]> inputs = Collections.nCopies(JOBS, new byte[16]);
  private ProcessPool pool;

  /** So that no worker boots while the clock runs. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    pool = ProcessPool.builder().classDataSharing(false).workers(FlowBenchmark.WORKERS).build();
    pool.submit(Echo.class, new byte[0]).get();
  }

  /** All of them. */
  @Benchmark
  @OperationsPerInvocation(JOBS)
  public void map(Blackhole results) {
    try (Stream<byte[]> outputs = pool.map(Echo.class, inputs)) {
      outputs.forEach(results::consume);
    }
  }

  /** Ends the workers. */
  @TearDown(Level.Trial)
  public void close() {
    pool.close();
  }
}
