package dev.forkyard.benchmarks;

import dev.forkyard.pool.ProcessPool;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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

/** 16 bytes there and back: through two worker JVMs, and through two threads of this one. */
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
public class RoundTripBenchmark {

  private static final int WORKERS = 2;
  private static final int IN_FLIGHT = 1_024;
  private static final int JOBS = 16 * IN_FLIGHT;

  private final byte[] input = new byte[16];
  private final InFlight inFlight = new InFlight(IN_FLIGHT);

  /** The workers of one trial. */
  @State(Scope.Benchmark)
  public static class Processes {

    private final ProcessPool pool = ProcessPool.builder().workers(WORKERS).build();

    /** So that no worker boots while the clock runs. */
    @Setup
    public void awaitWorkers() throws ExecutionException, InterruptedException {
      pool.submit(Echo.class, new byte[0]).get();
    }

    @TearDown
    public void close() {
      pool.close();
    }
  }

  /** The threads of one trial. */
  @State(Scope.Benchmark)
  public static class Threads {

    private final ThreadPoolExecutor pool =
        new ThreadPoolExecutor(WORKERS, WORKERS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());

    @TearDown
    public void close() {
      pool.shutdown();
    }
  }

  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public byte[] oneAtATimeInProcesses(Processes processes)
      throws ExecutionException, InterruptedException {
    return processes.pool.submit(Echo.class, input).get();
  }

  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public byte[] oneAtATimeInThreads(Threads threads)
      throws ExecutionException, InterruptedException {
    return threads.pool.submit(() -> input).get();
  }

  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  @OperationsPerInvocation(JOBS)
  public void manyInFlightInProcesses(Processes processes, Blackhole results)
      throws ExecutionException, InterruptedException {
    inFlight.run(JOBS, () -> processes.pool.submit(Echo.class, input), results);
  }

  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  @OperationsPerInvocation(JOBS)
  public void manyInFlightInThreads(Threads threads, Blackhole results)
      throws ExecutionException, InterruptedException {
    inFlight.run(JOBS, () -> threads.pool.submit(() -> input), results);
  }
}
