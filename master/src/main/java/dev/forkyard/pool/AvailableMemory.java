package dev.forkyard.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory this process and its workers may have together: what the machine has or, where
 * that is less, what a control group allows in which they are. Each group that contains them may
 * have a limit of its own, and the smallest counts.
 */
final class AvailableMemory {

  private static final String UNIFIED = "sys/fs/cgroup";
  private static final String UNIFIED_BESIDE_FIRST_VERSION = "sys/fs/cgroup/unified";
  private static final String FIRST_VERSION = "sys/fs/cgroup/memory";
  private static final int FIELDS = 3;

  private final Path root;

  /** Reads below a directory that looks as the root of Linux does. */
  AvailableMemory(Path root) {
    this.root = root;
  }

  /** In bytes; where nothing tells it, a guess. */
  static long bytes() {
    return new AvailableMemory(Path.of("/")).read();
  }

  long read() {
    return Math.min(machine(), controlGroups());
  }

  private long machine() {
    for (String line : lines("proc/meminfo")) {
      if (line.startsWith("MemTotal:")) {
        return number(line.replaceAll("\\D", "")) << 10;
      }
    }
    // Half of what the JVM would take by itself four times over is a safe guess elsewhere.
    return Runtime.getRuntime().maxMemory() * 2;
  }

  /** Those of this process, a line for each hierarchy: {@code number:controllers:/path}. */
  private long controlGroups() {
    long least = Long.MAX_VALUE;
    for (String line : lines("proc/self/cgroup")) {
      String[] fields = line.split(":", FIELDS);
      if (fields.length < FIELDS) {
        continue;
      }
      if (fields[1].isEmpty()) {
        least = Math.min(least, limit(UNIFIED, fields[2], "memory.max"));
        least = Math.min(least, limit(UNIFIED_BESIDE_FIRST_VERSION, fields[2], "memory.max"));
      } else if (List.of(fields[1].split(",")).contains("memory")) {
        least = Math.min(least, limit(FIRST_VERSION, fields[2], "memory.limit_in_bytes"));
      }
    }
    return least;
  }

  /**
   * The smallest of a group and all that contain it. In a container the path may be the machine's,
   * of which only the upper end is there; then that has the container's limit.
   */
  private long limit(String hierarchy, String group, String file) {
    Path top = root.resolve(hierarchy);
    Path inner = top.resolve(group.substring(group.startsWith("/") ? 1 : 0)).normalize();
    long least = number(text(top.resolve(file)));
    Path each = inner;
    while (each != null && each.startsWith(top) && !each.equals(top)) {
      least = Math.min(least, number(text(each.resolve(file))));
      each = each.getParent();
    }
    return least;
  }

  private List<String> lines(String file) {
    return text(root.resolve(file)).lines().toList();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    } catch (IOException notThere) {
      return "";
    }
  }

  /** No limit where it is no number, such as {@code max}. */
  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException none) {
      return Long.MAX_VALUE;
    }
  }
}
