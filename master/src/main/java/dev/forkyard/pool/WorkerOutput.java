package dev.forkyard.pool;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/** What a worker prints: its last lines are kept as evidence, and all but the JVM's own go on. */
final class WorkerOutput {

  private static final int TAIL_CHARS = 8 << 10;

  private final VmReportFilter filter;
  private final ArrayDeque<String> tail = new ArrayDeque<>();
  private int tailChars;

  WorkerOutput(Consumer<String> listener) {
    this.filter = new VmReportFilter(listener);
  }

  void line(String line) {
    synchronized (tail) {
      tail.addLast(line);
      tailChars += line.length() + 1;
      while (tailChars > TAIL_CHARS && tail.size() > 1) {
        tailChars -= tail.removeFirst().length() + 1;
      }
    }
    filter.accept(line);
  }

  /** Nothing follows. */
  void end() {
    filter.release();
  }

  /** The last lines, 8 KiB at most. */
  String tail() {
    synchronized (tail) {
      StringBuilder text = new StringBuilder();
      tail.forEach(line -> text.append(line).append('\n'));
      return text.substring(Math.max(0, text.length() - TAIL_CHARS));
    }
  }
}
