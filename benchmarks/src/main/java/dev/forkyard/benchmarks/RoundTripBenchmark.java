package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.contender.Contenders;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Workload;
import dev.forkyard.benchmarks.workload.Workloads;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One job at a time, from submission to result, on the caller's thread. */
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
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class RoundTripBenchmark {

  @Param({"pool", "lambdas", "spins", "probe", "threads"})
  private String by = "";

  @Param({"16", "1024", "65536", "1048576"})
  private int bytes;

  private Contender contender;
  private Workload<?, ?> workload;

  /** So that no worker boots while the clock runs. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    contender = Contenders.open(by, FlowBenchmark.WORKERS);
    workload = Workloads.echo(bytes, 1);
    contender.call(workload);
  }

  /** One job. */
  @Benchmark
  public void call() throws Exception {
    contender.call(workload);
  }

  /** Ends the workers. */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    contender.close();
  }
}
