package dev.forkyard.benchmarks.workload;

import dev.forkyard.benchmarks.measure.Workload;
import java.time.Duration;

/** The jobs that are measured. */
public final class Workloads {

  /** Bytes. */
  public static final int KIB = 1 << 10;

  /** Bytes. */
  public static final int MIB = 1 << 20;

  /** What may be in flight in all; more would measure the collector. */
  private static final int MAX_BYTES_IN_FLIGHT = 8 * MIB;

  private Workloads() {}

  /** Bytes there and back. */
  public static Workload<byte[], byte[]> echo(int bytes, int inFlight) {
    byte[] input = new byte[bytes];
    return new Workload<>(
        size(bytes) + " echo", Echo.class, input, () -> input, atMost(inFlight, bytes));
  }

  private static int atMost(int inFlight, int bytes) {
    return Math.max(1, Math.min(inFlight, MAX_BYTES_IN_FLIGHT / Math.max(1, bytes)));
  }

  /** A number of bytes, in words. */
  public static String size(int bytes) {
    return bytes >= MIB ? bytes / MIB + " MiB" : bytes >= KIB ? bytes / KIB + " KiB" : bytes + " B";
  }

  /** Work of so long on one undisturbed core. */
  public static Workload<Long, Long> compute(Duration time, double stepsPerMicro, int inFlight) {
    long micros = time.toNanos() / 1000;
    long steps = Math.max(1, Math.round(micros * stepsPerMicro));
    String name = (micros < 1000 ? micros + " µs" : micros / 1000 + " ms") + " of CPU";
    return new Workload<>(name, Compute.class, steps, () -> Compute.run(steps), inFlight);
  }
}
