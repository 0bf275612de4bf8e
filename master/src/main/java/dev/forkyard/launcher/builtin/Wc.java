package dev.forkyard.launcher.builtin;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.io.InputStream;

/**
 * The line that {@code wc FILE} prints: newlines, words and bytes. Words are what ASCII white space
 * separates; a word of nothing but other control characters, which {@code wc} may leave out,
 * counts.
 */
public final class Wc implements JobHandler<String, String> {

  private final byte[] buffer = new byte[64 << 10];

  @Override
  public String handle(String file, JobContext context) throws IOException {
    long lines = 0;
    long words = 0;
    long bytes = 0;
    boolean inWord = false;
    try (InputStream in = Inputs.open(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        bytes += count;
        for (int i = 0; i < count; i++) {
          byte each = buffer[i];
          boolean space = each == ' ' || (each >= '\t' && each <= '\r');
          lines += each == '\n' ? 1 : 0;
          words += !space && !inWord ? 1 : 0;
          inWord = !space;
        }
      }
    }
    // wc gives every number the width of the file's size.
    int width = Long.toString(bytes).length();
    return pad(lines, width) + " " + pad(words, width) + " " + pad(bytes, width) + " " + file;
  }

  private static String pad(long number, int width) {
    String digits = Long.toString(number);
    return " ".repeat(Math.max(0, width - digits.length())) + digits;
  }
}
