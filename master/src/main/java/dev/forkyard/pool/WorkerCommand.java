package dev.forkyard.pool;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command line that starts a worker JVM. */
final class WorkerCommand {

  private static final long MIB = 1 << 20;
  private static final long BESIDE_HEAP_BYTES = 96 * MIB;
  private static final int FIRST_TO_WARN_OF_UNSAFE = 24;
  private static final long MIN_HEAP_BYTES = 32 * MIB;

  private WorkerCommand() {}

  /** All but the three arguments of the worker's main. */
  static List<String> of(PoolConfig config) {
    List<String> command = new ArrayList<>();
    command.add(config.javaHome().resolve("bin").resolve("java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    if (feature(config.javaHome()) >= FIRST_TO_WARN_OF_UNSAFE) {
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.add("-XX:+UseSerialGC");
    // Without them a counted loop keeps the worker's own exit waiting for a safepoint.
    command.add("-XX:+UseCountedLoopSafepoints");
    command.add("-XX:LoopStripMiningIter=1000");
    command.add("-XX:+ExitOnOutOfMemoryError");
    command.add("-XX:-UsePerfData");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:ErrorFile=" + config.crashDirectory().resolve("forkyard-hs_err_pid%p.log"));
    command.add("-Xmx" + heapBytes(config) / MIB + "m");
    command.add("-Dfile.encoding=UTF-8");
    command.add("-Dstdout.encoding=UTF-8");
    command.add("-Dstderr.encoding=UTF-8");
    command.addAll(config.jvmOptions());
    command.add("-cp");
    command.add(
        config.classPath().stream()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    command.add("dev.forkyard.worker.WorkerMain");
    return command;
  }

  /**
   * The version of the workers' Java. An older one refuses a flag that it does not know, and to
   * have it ignore them all would hide a user's mistakes.
   */
  private static int feature(Path javaHome) {
    if (javaHome.equals(Path.of(System.getProperty("java.home")))) {
      return Runtime.version().feature();
    }
    try (Stream<String> release = Files.lines(javaHome.resolve("release"))) {
      return release
          .filter(line -> line.startsWith("JAVA_VERSION="))
          .map(line -> line.replaceAll("[^0-9.]", "").split("\\.")[0])
          .mapToInt(Integer::parseInt)
          .findFirst()
          .orElse(0);
    } catch (IOException | UncheckedIOException | NumberFormatException unknown) {
      return 0;
    }
  }

  /** Where the JVM of this process id would have left its crash report. */
  static Path crashReport(PoolConfig config, long pid) {
    return config.crashDirectory().resolve("forkyard-hs_err_pid" + pid + ".log");
  }

  /**
   * (What the machine or container has, less this JVM) ÷ (workers and one replacement), less what
   * is no heap.
   */
  private static long heapBytes(PoolConfig config) {
    if (config.workerHeapBytes() > 0) {
      return Math.max(config.workerHeapBytes(), MIB);
    }
    long forWorkers = memoryBytes() - Runtime.getRuntime().maxMemory();
    long each = forWorkers / (config.workers() + 1) - BESIDE_HEAP_BYTES;
    return Math.max(each, MIN_HEAP_BYTES);
  }

  private static long memoryBytes() {
    long machine = Long.MAX_VALUE;
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith("MemTotal:")) {
          machine = Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException notLinux) {
      // Half of what the JVM would take by itself four times over is a safe guess elsewhere.
      machine = Runtime.getRuntime().maxMemory() * 2;
    }
    long cgroup =
        Math.min(
            limit("/sys/fs/cgroup/memory.max"),
            limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    return Math.min(machine, cgroup);
  }

  private static long limit(String file) {
    try {
      return Long.parseLong(Files.readString(Path.of(file), StandardCharsets.US_ASCII).strip());
    } catch (IOException | NumberFormatException noLimit) {
      return Long.MAX_VALUE;
    }
  }
}
