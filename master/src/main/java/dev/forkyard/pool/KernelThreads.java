package dev.forkyard.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel knows of a process's threads, for a JVM that gives no thread dump: one that is
 * stopped, or whose threads reach no safepoint.
 */
final class KernelThreads {

  /** Where there are several their names end with their slots. */
  private static final String JOB_THREAD = "forkyard-job";

  private static final int MAX_THREADS = 200;
  private static final int STATE = 0;
  private static final int USER_TICKS = 11;
  private static final int KERNEL_TICKS = 12;

  /** One thread; ticks are the kernel's, of 10 ms each nearly everywhere. */
  private record Line(String name, String state, long ticks, String waitsIn) {
    @Override
    public String toString() {
      String where = waitsIn.isEmpty() || waitsIn.equals("0") ? "" : ", in " + waitsIn;
      return "\"" + name + "\" " + state + ", " + 10 * ticks + " ms of CPU time" + where;
    }
  }

  private KernelThreads() {}

  /** The jobs' threads first, then the busiest; null where there is no {@code /proc}. */
  static @Nullable String of(long pid) {
    List<Line> lines = new ArrayList<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      threads.limit(MAX_THREADS).forEach(thread -> add(lines, thread));
    } catch (IOException | RuntimeException gone) {
      return null;
    }
    lines.sort(
        Comparator.<Line, Boolean>comparing(line -> !line.name.startsWith(JOB_THREAD))
            .thenComparing(Comparator.comparingLong(Line::ticks).reversed()));
    return "The JVM gave no thread dump. Its threads as the kernel sees them:\n"
        + lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  private static void add(List<Line> lines, Path thread) {
    try {
      String stat = read(thread, "stat");
      // The name stands in parentheses, and may hold some itself.
      int end = stat.lastIndexOf(')');
      String[] fields = stat.substring(end + 2).split(" ");
      lines.add(
          new Line(
              stat.substring(stat.indexOf('(') + 1, end),
              state(fields[STATE]),
              Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[KERNEL_TICKS]),
              read(thread, "wchan")));
    } catch (IOException | RuntimeException gone) {
      // A thread that ends meanwhile is of no interest.
    }
  }

  private static String read(Path thread, String file) throws IOException {
    return Files.readString(thread.resolve(file), StandardCharsets.UTF_8);
  }

  private static String state(String letter) {
    return switch (letter) {
      case "R" -> "running";
      case "S" -> "sleeping";
      case "D" -> "in the kernel, uninterruptible";
      case "T", "t" -> "stopped";
      default -> "in state " + letter;
    };
  }
}
