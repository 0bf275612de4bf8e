package dev.forkyard.worker;

import dev.forkyard.protocol.Frame.Failure;
import dev.forkyard.protocol.Frame.FailureKind;
import java.io.PrintWriter;
import java.io.Writer;
import org.jspecify.annotations.Nullable;

/** Turns whatever a job threw into text; what was thrown may itself be hostile. */
final class Failures {

  private static final int MAX_MESSAGE_CHARS = 8 << 10;
  private static final int MAX_STACK_CHARS = 64 << 10;
  private static final int MAX_BYTES_PER_CHAR = 3;

  private Failures() {}

  /** No longer than that many bytes, whatever was thrown. */
  static Failure of(
      long jobId, long runNanos, FailureKind kind, Throwable thrown, int maxTextBytes) {
    int maxChars = maxTextBytes / MAX_BYTES_PER_CHAR;
    int maxMessage = Math.min(MAX_MESSAGE_CHARS, maxChars / 4);
    int maxStack = Math.min(MAX_STACK_CHARS, maxChars / 2);
    return new Failure(
        jobId,
        runNanos,
        kind,
        thrown.getClass().getName(),
        message(thrown, maxMessage),
        stack(thrown, maxStack),
        thrown instanceof VirtualMachineError);
  }

  private static @Nullable String message(Throwable thrown, int limit) {
    try {
      String message = thrown.getMessage();
      return message == null ? null : cut(message, limit);
    } catch (Throwable hostile) {
      return "(its message could not be read: " + hostile.getClass().getName() + ")";
    }
  }

  /** The stack trace, causes included, and no more than so many characters of it. */
  static String stack(Throwable thrown, int limit) {
    try {
      Beginning beginning = new Beginning(limit);
      thrown.printStackTrace(new PrintWriter(beginning));
      return beginning.text();
    } catch (Throwable hostile) {
      return "(its stack could not be read: " + hostile.getClass().getName() + ")";
    }
  }

  private static String cut(String text, int limit) {
    Beginning beginning = new Beginning(limit);
    beginning.write(text, 0, text.length());
    return beginning.text();
  }

  /** Keeps what is written first, and of the rest its length alone. */
  private static final class Beginning extends Writer {

    private final StringBuilder kept = new StringBuilder();
    private final int limit;
    private long written;

    Beginning(int limit) {
      this.limit = limit;
    }

    @Override
    public void write(String text, int from, int length) {
      kept.append(text, from, from + taken(length));
    }

    @Override
    public void write(char[] text, int from, int length) {
      kept.append(text, from, taken(length));
    }

    private int taken(int length) {
      written += length;
      return Math.min(length, limit - kept.length());
    }

    String text() {
      long cut = written - kept.length();
      return cut == 0 ? kept.toString() : kept + "\n(" + cut + " characters cut)";
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
