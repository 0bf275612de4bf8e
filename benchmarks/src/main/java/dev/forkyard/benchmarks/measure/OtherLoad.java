package dev.forkyard.benchmarks.measure;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * How many cores others kept busy while we measured: what the whole machine worked less what this
 * process, its children and theirs did. Zero where the system does not tell.
 */
public final class OtherLoad {

  /** What is too much for figures to be trusted. */
  private static final double BUSY_CORES = 0.2;

  /** All that the kernel counts in /proc is in hundredths of a second. */
  private static final double TICKS_A_SECOND = 100;

  private final double start = busySeconds() - ownSeconds();
  private final long startNanos = System.nanoTime();

  /** Cores' worth of work since this was made. */
  public double cores() {
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    return Math.max(0, (busySeconds() - ownSeconds() - start) / seconds);
  }

  /** Whether figures taken meanwhile are to be doubted. */
  public static boolean isBusy(double cores) {
    return cores > BUSY_CORES;
  }

  private static double busySeconds() {
    try {
      // user nice system idle iowait irq softirq steal
      String[] ticks = Files.readString(Path.of("/proc/stat")).split("\n", 2)[0].split("\\s+");
      long busy = 0;
      for (int i = 1; i <= 8; i++) {
        busy += i == 4 || i == 5 ? 0 : Long.parseLong(ticks[i]);
      }
      return busy / TICKS_A_SECOND;
    } catch (IOException | RuntimeException notLinux) {
      return 0;
    }
  }

  private static double ownSeconds() {
    try (Stream<ProcessHandle> tree = ProcessHandle.current().descendants()) {
      double own =
          ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime()
              / 1e9;
      return own
          + childrenOf("self")
          + tree.mapToDouble(process -> secondsOf(process) + childrenOf("" + process.pid())).sum();
    }
  }

  private static double secondsOf(ProcessHandle process) {
    return process.info().totalCpuDuration().map(time -> time.toNanos() / 1e9).orElse(0.0);
  }

  /** Of children that have ended. */
  private static double childrenOf(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc", pid, "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_A_SECOND;
    } catch (IOException | RuntimeException ended) {
      return 0;
    }
  }
}
