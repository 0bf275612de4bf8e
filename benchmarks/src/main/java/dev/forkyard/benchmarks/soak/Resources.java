package dev.forkyard.benchmarks.soak;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds.
 *
 * @param children processes that it started and that are alive
 */
record Resources(long descriptors, int threads, long heapMib, long children) {

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final int MIB_SHIFT = 20;

  static Resources now() throws IOException {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return new Resources(
          open.count(),
          ManagementFactory.getThreadMXBean().getThreadCount(),
          heap >> MIB_SHIFT,
          ProcessHandle.current().children().count());
    }
  }

  /** Whether this is no more than that, but for what may come and go. */
  boolean within(Resources before, Resources slack) {
    return descriptors <= before.descriptors + slack.descriptors
        && threads <= before.threads + slack.threads
        && heapMib <= before.heapMib + slack.heapMib
        && children <= before.children + slack.children;
  }
}
