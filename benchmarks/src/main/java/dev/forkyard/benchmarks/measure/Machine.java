package dev.forkyard.benchmarks.measure;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What machine and JDK the figures come from. */
public record Machine(
    String cpu, int cores, long memoryMib, String system, String java, String gc) {

  private static final long MIB = 1 << 20;

  /** This one. */
  public static Machine here() {
    return new Machine(
        line("/proc/cpuinfo", "model name", "unknown processor"),
        Runtime.getRuntime().availableProcessors(),
        totalMemoryMib(),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        System.getProperty("java.vendor.version", "")
            + " "
            + Runtime.version()
            + " ("
            + System.getProperty("java.vm.name")
            + ")",
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .map(bean -> bean.getName())
            .collect(Collectors.joining(", ")));
  }

  private static long totalMemoryMib() {
    String kib = line("/proc/meminfo", "MemTotal", "").replaceAll("\\D", "");
    return kib.isEmpty() ? Runtime.getRuntime().maxMemory() / MIB : Long.parseLong(kib) / 1024;
  }

  private static String line(String file, String key, String otherwise) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(otherwise);
    } catch (IOException | RuntimeException notLinux) {
      return otherwise;
    }
  }

  @Override
  public String toString() {
    return "%s, %d cores, %,d MiB, %s, Java %s, %s"
        .formatted(cpu, cores, memoryMib, system, java.strip(), gc);
  }
}
