package dev.forkyard.pool;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the JVM's own last words out of what a handler printed: the banner of a fatal error and the
 * line of an exhausted heap. They are evidence (and stay in the output's tail), not output.
 */
final class VmReportFilter implements Consumer<String> {

  private final Consumer<String> next;
  private @Nullable String held;
  private boolean inBanner;

  VmReportFilter(Consumer<String> next) {
    this.next = next;
  }

  @Override
  public void accept(String line) {
    if (inBanner && (line.startsWith("#") || line.isEmpty() || line.startsWith("["))) {
      return;
    }
    inBanner = false;
    if (held != null && line.startsWith("# A fatal error has been detected by the Java")) {
      held = null;
      inBanner = true;
      return;
    }
    release();
    if (line.equals("#")) {
      held = line;
    } else if (!line.startsWith("Terminating due to java.lang.OutOfMemoryError")) {
      next.accept(line);
    }
  }

  /** The output has ended. */
  void release() {
    if (held != null) {
      next.accept(held);
      held = null;
    }
  }
}
