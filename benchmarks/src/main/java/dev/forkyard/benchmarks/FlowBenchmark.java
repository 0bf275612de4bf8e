package dev.forkyard.benchmarks;

import dev.forkyard.benchmarks.contender.Contenders;
import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Workload;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Jobs submitted one after the other, so many in flight: what each of them costs. */
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
public abstract class FlowBenchmark {

  static final int WORKERS = Runtime.getRuntime().availableProcessors();

  private Contender contender;
  private Contender.Flow flow;

  abstract String contender();

  abstract Workload<?, ?> workload();

  /** So that no worker boots while the clock runs. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    contender = Contenders.open(contender(), WORKERS);
    Workload<?, ?> workload = workload();
    contender.call(workload);
    flow = contender.open(workload);
  }

  /** One job. */
  @Benchmark
  public void job() throws Exception {
    flow.submit();
  }

  /** So that no iteration gets another's jobs. */
  @TearDown(Level.Iteration)
  public void finish() throws Exception {
    flow.finish();
  }

  /** Ends the workers. */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    contender.close();
  }
}
