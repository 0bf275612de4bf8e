package dev.forkyard.launcher;

/** Makes any text fit for one line of a terminal. */
final class OneLine {

  private static final int MESSAGE_CHARS = 1000;
  private static final int INPUT_CHARS = 100;

  private OneLine() {}

  /** A message, cut where it is very long. */
  static String of(String text) {
    return cut(text, MESSAGE_CHARS);
  }

  /** An input in quotes, cut so that the line stays readable. */
  static String quoted(String input) {
    return '"' + cut(input, INPUT_CHARS) + '"';
  }

  private static String cut(String text, int chars) {
    StringBuilder line = new StringBuilder();
    int end = Math.min(text.length(), chars);
    for (int i = 0; i < end; i++) {
      append(line, text.charAt(i));
    }
    return end < text.length() ? line.append('…').toString() : line.toString();
  }

  /** Control characters could move the cursor or recolour the terminal. */
  private static void append(StringBuilder line, char c) {
    switch (c) {
      case '\n' -> line.append("\\n");
      case '\r' -> line.append("\\r");
      case '\t' -> line.append("\\t");
      default -> {
        if (Character.isISOControl(c)) {
          line.append(String.format("\\x%02x", (int) c));
        } else {
          line.append(c);
        }
      }
    }
  }
}
