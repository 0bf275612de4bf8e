package dev.forkyard.launcher;

import java.io.IOException;
import java.io.PrintStream;

/**
 * The standard error: lines of several threads, and below them the progress bar, if there is one.
 */
final class Console {

  private static final String ERASE_LINE = "\r\033[K";

  private final PrintStream errors;
  private String bar = "";

  Console(PrintStream errors) {
    this.errors = errors;
  }

  synchronized void line(String text) {
    print(text + "\n");
  }

  /** Text of several lines, indented below the line it belongs to. */
  synchronized void details(String text) {
    if (!text.isBlank()) {
      print(text.stripTrailing().indent(4));
    }
  }

  /** Shows the bar, in place of what it showed before; an empty one takes it away. */
  synchronized void bar(String rendered) {
    errors.print(ERASE_LINE + rendered);
    errors.flush();
    bar = rendered;
  }

  /** Writes elsewhere on the same terminal without the bar in the way. */
  synchronized void aside(Action action) throws IOException {
    if (!bar.isEmpty()) {
      errors.print(ERASE_LINE);
      errors.flush();
    }
    action.run();
    errors.print(bar);
    errors.flush();
  }

  private void print(String text) {
    errors.print(bar.isEmpty() ? text : ERASE_LINE + text + bar);
    errors.flush();
  }

  /** Something that writes. */
  interface Action {

    void run() throws IOException;
  }
}
