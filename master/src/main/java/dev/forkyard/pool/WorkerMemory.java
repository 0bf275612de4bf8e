package dev.forkyard.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory a process holds, by what the kernel says. */
final class WorkerMemory {

  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;

  private WorkerMemory() {}

  /**
   * Its proportional set size, in which memory that several share is counted once between them, or
   * else its resident set size; 0 where there is no {@code /proc}, or no such process.
   */
  static long of(long pid) {
    Path process = Path.of("/proc", Long.toString(pid));
    long bytes = kibibytes(process.resolve("smaps_rollup"), "Pss:") * KIB;
    return bytes > 0 ? bytes : kibibytes(process.resolve("status"), "VmRSS:") * KIB;
  }

  private static long kibibytes(Path file, String field) {
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith(field)) {
          return Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    } catch (IOException | RuntimeException unknown) {
      // It has ended, or the kernel does not tell.
    }
    return 0;
  }

  /** In whole mebibytes where that says enough. */
  static String text(long bytes) {
    return bytes < 10 * MIB ? bytes + " bytes" : bytes / MIB + " MiB";
  }
}
