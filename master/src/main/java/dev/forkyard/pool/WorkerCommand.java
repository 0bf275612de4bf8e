package dev.forkyard.pool;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The command line that starts a worker JVM. */
final class WorkerCommand {

  private static final long MIB = 1 << 20;
  private static final long BESIDE_HEAP_BYTES = 96 * MIB;
  private static final int FIRST_TO_WARN_OF_UNSAFE = 24;
  private static final long MIN_HEAP_BYTES = 32 * MIB;
  private static final Pattern MAX_HEAP = Pattern.compile("-Xmx([0-9]{1,9})([kKmMgGtT]?)");

  private WorkerCommand() {}

  /**
   * All but the arguments of the class's main.
   *
   * @param more options that the user's own may change again
   */
  static List<String> of(
      PoolConfig config, List<String> more, List<Path> classPath, String mainClass) {
    List<String> command = new ArrayList<>();
    command.add(config.javaHome().resolve("bin").resolve("java").toString());
    command.addAll(more);
    command.addAll(options(config));
    command.add("-cp");
    command.add(
        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    command.add(mainClass);
    return command;
  }

  /** The options of a worker's JVM. */
  static List<String> options(PoolConfig config) {
    List<String> options = new ArrayList<>();
    options.add("--enable-native-access=ALL-UNNAMED");
    if (feature(config.javaHome()) >= FIRST_TO_WARN_OF_UNSAFE) {
      options.add("--sun-misc-unsafe-memory-access=allow");
    }
    options.add("-XX:+UseSerialGC");
    // Without them a counted loop keeps the worker's own exit waiting for a safepoint.
    options.add("-XX:+UseCountedLoopSafepoints");
    options.add("-XX:LoopStripMiningIter=1000");
    options.add("-XX:+ExitOnOutOfMemoryError");
    options.add("-XX:-UsePerfData");
    options.add("-XX:-CreateCoredumpOnCrash");
    options.add("-XX:ErrorFile=" + config.crashDirectory().resolve("forkyard-hs_err_pid%p.log"));
    options.add("-Xmx" + heapBytes(config) / MIB + "m");
    options.add("-Dfile.encoding=UTF-8");
    options.add("-Dstdout.encoding=UTF-8");
    options.add("-Dstderr.encoding=UTF-8");
    options.addAll(config.jvmOptions());
    return options;
  }

  /**
   * The version of the workers' Java. An older one refuses a flag that it does not know, and to
   * have it ignore them all would hide a user's mistakes.
   */
  static int feature(Path javaHome) {
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
   * Whether the heaps may outgrow what the machine or container has, by which arithmetic; null if
   * not.
   */
  static @Nullable String overcommit(PoolConfig config) {
    if (config.inProcess()) {
      return null;
    }
    long heap = heapBytes(config);
    for (String option : config.jvmOptions()) {
      heap = maxHeap(option, heap);
    }
    return overcommit(
        config.workers(), heap, Runtime.getRuntime().maxMemory(), AvailableMemory.bytes());
  }

  static @Nullable String overcommit(int workers, long heap, long own, long memory) {
    long needed = workers * (heap + BESIDE_HEAP_BYTES) + own;
    if (needed <= memory) {
      return null;
    }
    return workers
        + " workers x ("
        + heap / MIB
        + " MiB of heap + "
        + BESIDE_HEAP_BYTES / MIB
        + " MiB beside it) + "
        + own / MIB
        + " MiB of this JVM's heap = "
        + needed / MIB
        + " MiB, but the machine or container has "
        + memory / MIB
        + " MiB: where all are full the kernel ends workers; lower workers, workerHeapBytes or -Xmx,"
        + " or set memoryBudget";
  }

  private static long maxHeap(String option, long otherwise) {
    Matcher matcher = MAX_HEAP.matcher(option);
    if (!matcher.matches()) {
      return otherwise;
    }
    int unit = "kmgt".indexOf(matcher.group(2).toLowerCase(Locale.ROOT)) + 1;
    return Long.parseLong(matcher.group(1)) << 10 * (matcher.group(2).isEmpty() ? 0 : unit);
  }

  /**
   * (What the machine or container has, less this JVM) ÷ (workers and one replacement), less what
   * is no heap.
   */
  private static long heapBytes(PoolConfig config) {
    if (config.workerHeapBytes() > 0) {
      return Math.max(config.workerHeapBytes(), MIB);
    }
    long forWorkers = AvailableMemory.bytes() - Runtime.getRuntime().maxMemory();
    long each = forWorkers / (config.workers() + 1) - BESIDE_HEAP_BYTES;
    return Math.max(each, MIN_HEAP_BYTES);
  }
}
