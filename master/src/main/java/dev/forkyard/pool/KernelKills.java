package dev.forkyard.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many processes the kernel has ended for want of memory, of the machine or of a container. */
final class KernelKills {

  private static final Path STATISTICS = Path.of("/proc/vmstat");
  private static final String NAME = "\noom_kill ";

  private KernelKills() {}

  /** Since the machine was started, of all that run on it; 0 where the kernel does not tell. */
  static long count() {
    try {
      String all = Files.readString(STATISTICS, StandardCharsets.US_ASCII);
      int start = all.indexOf(NAME) + NAME.length();
      int end = all.indexOf('\n', start);
      return start < NAME.length() || end < 0 ? 0 : Long.parseLong(all.substring(start, end));
    } catch (IOException | NumberFormatException notLinux) {
      return 0;
    }
  }
}
