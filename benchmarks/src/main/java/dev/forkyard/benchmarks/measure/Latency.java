package dev.forkyard.benchmarks.measure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/** How long one contender's caller waited for a job, one at a time. */
public final class Latency {

  private static final int DIGITS = 3;

  private final String contender;
  private final Histogram all = new Histogram(DIGITS);
  private final List<Double> medians = new ArrayList<>();
  private final List<Double> cpuMicros = new ArrayList<>();

  Latency(String contender) {
    this.contender = contender;
  }

  /** In one round alone. */
  public static Latency once(Contender contender, Workload<?, ?> workload, Duration length)
      throws Exception {
    Latency latency = new Latency(contender.name());
    latency.round(contender, workload, length);
    return latency;
  }

  void round(Contender contender, Workload<?, ?> workload, Duration length) throws Exception {
    Histogram round = new Histogram(DIGITS);
    List<Long> workers = contender.workerPids();
    long cpuBefore = Cpu.ownNanos() + Cpu.nanosOf(workers);
    long deadline = System.nanoTime() + length.toNanos();
    long before = System.nanoTime();
    while (before - deadline < 0) {
      contender.call(workload);
      long after = System.nanoTime();
      round.recordValue(after - before);
      before = after;
    }
    long cpu = Cpu.ownNanos() + Cpu.nanosOf(workers) - cpuBefore;
    cpuMicros.add(cpu / 1e3 / round.getTotalCount());
    all.add(round);
    medians.add(round.getValueAtPercentile(50) / 1e3);
  }

  /** Whose these are. */
  public String contender() {
    return contender;
  }

  /** The rounds' medians, in microseconds. */
  public Spread medianMicros() {
    return Spread.of(medians.stream().mapToDouble(Double::doubleValue));
  }

  /** Microseconds of CPU a call, of this process and of the workers. */
  public Spread cpuMicros() {
    return Spread.of(cpuMicros.stream().mapToDouble(Double::doubleValue));
  }

  /** Of all calls, in microseconds. */
  public double percentileMicros(double percentile) {
    return all.getValueAtPercentile(percentile) / 1e3;
  }

  /** How many times as long as the other's, round by round. */
  public Spread ratioTo(Latency other) {
    return Spread.of(
        IntStream.range(0, medians.size()).mapToDouble(i -> medians.get(i) / other.medians.get(i)));
  }
}
