package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes each result as a line, a newline in it as {@code \n}, or raw and ended by NUL. Nothing
 * else is escaped, so that results which are paths, JSON or escaped by their handler already stay
 * what they are. A failed job writes nothing.
 */
final class TextPrinter implements ResultPrinter {

  private final OutputStream out;
  private final boolean raw;

  TextPrinter(OutputStream out, boolean raw) {
    this.out = out;
    this.raw = raw;
  }

  @Override
  public void print(JobEnd end) throws IOException {
    if (end.error() != null) {
      return;
    }
    String text = end.result() == null ? "null" : end.result().text();
    String shown = raw ? text : text.replace("\n", "\\n");
    out.write(shown.getBytes(StandardCharsets.UTF_8));
    out.write(raw ? 0 : '\n');
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }
}
