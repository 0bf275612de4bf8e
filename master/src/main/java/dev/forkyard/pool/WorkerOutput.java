package dev.forkyard.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a worker prints: its last lines are kept as evidence, and all but the JVM's own go on. What
 * it prints before its greeting is held back, and is evidence alone if that never comes: the reason
 * why it could not start then holds it.
 */
final class WorkerOutput {

  private static final int TAIL_CHARS = 8 << 10;

  private static final int MAX_HELD_LINES = 1_000;

  private final VmReportFilter filter;
  private final List<String> held = new ArrayList<>();
  private volatile boolean greeted;
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
    synchronized (held) {
      if (!greeted && held.size() < MAX_HELD_LINES) {
        held.add(line);
      } else {
        releaseHeld();
        filter.accept(line);
      }
    }
  }

  /** The worker runs: what it printed goes on with its next line. */
  void letGoOn() {
    greeted = true;
  }

  /** The worker runs: what it printed goes on. Waits while a line is being listened to. */
  void greeted() {
    synchronized (held) {
      greeted = true;
      releaseHeld();
    }
  }

  private void releaseHeld() {
    held.forEach(filter::accept);
    held.clear();
  }

  /** Nothing follows. */
  void end() {
    synchronized (held) {
      filter.release();
    }
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
