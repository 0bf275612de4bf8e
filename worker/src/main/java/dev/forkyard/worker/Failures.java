package dev.forkyard.worker;

import dev.forkyard.protocol.Frame.Failure;
import dev.forkyard.protocol.Frame.FailureKind;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/** Turns whatever a job threw into text; what was thrown may itself be hostile. */
final class Failures {

  private static final int MAX_MESSAGE_CHARS = 8 << 10;
  private static final int MAX_STACK_CHARS = 64 << 10;

  private Failures() {}

  static Failure of(long jobId, long runNanos, FailureKind kind, Throwable thrown) {
    return new Failure(
        jobId,
        runNanos,
        kind,
        thrown.getClass().getName(),
        message(thrown),
        stack(thrown),
        thrown instanceof VirtualMachineError);
  }

  private static @Nullable String message(Throwable thrown) {
    try {
      String message = thrown.getMessage();
      return message == null ? null : cut(message, MAX_MESSAGE_CHARS);
    } catch (Throwable hostile) {
      return "(its message could not be read: " + hostile.getClass().getName() + ")";
    }
  }

  private static String stack(Throwable thrown) {
    try {
      StringWriter text = new StringWriter();
      thrown.printStackTrace(new PrintWriter(text));
      return cut(text.toString(), MAX_STACK_CHARS);
    } catch (Throwable hostile) {
      return "(its stack could not be read: " + hostile.getClass().getName() + ")";
    }
  }

  private static String cut(String text, int limit) {
    return text.length() <= limit
        ? text
        : text.substring(0, limit) + "\n(" + (text.length() - limit) + " characters cut)";
  }
}
