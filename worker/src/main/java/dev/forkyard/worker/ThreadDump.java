package dev.forkyard.worker;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All threads' stacks as text. */
final class ThreadDump {

  private ThreadDump() {}

  /** The thread that matters comes first, so that a cut does not hit it. */
  static String of(@Nullable Thread first, int maxChars) {
    StringBuilder text = new StringBuilder();
    Map<Thread, StackTraceElement[]> stacks = Thread.getAllStackTraces();
    StackTraceElement[] job = first == null ? null : stacks.remove(first);
    if (first != null && job != null) {
      describe(text, first, job);
    }
    stacks.forEach((thread, stack) -> describe(text, thread, stack));
    return text.length() <= maxChars ? text.toString() : text.substring(0, maxChars);
  }

  private static void describe(StringBuilder text, Thread thread, StackTraceElement[] stack) {
    text.append('"').append(thread.getName()).append("\" ").append(thread.getState()).append('\n');
    for (StackTraceElement element : stack) {
      text.append("    at ").append(element).append('\n');
    }
    text.append('\n');
  }
}
