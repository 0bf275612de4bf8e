package dev.forkyard.pool;

import dev.forkyard.worker.JobHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is sent along with a job: its headers, and the logging context of the thread that submits.
 */
final class SentHeaders {

  static final SentHeaders NONE = new SentHeaders(Map.of(), Map.of());

  private static final int MAX_BYTES = 16 << 10;

  /** A field's tag and its length. */
  private static final int MAX_LENGTH_BYTES = 4;

  private final Map<String, String> headers;

  /** As they travel, the logging context among them. */
  private final List<String> sent;

  private SentHeaders(Map<String, String> headers, Map<String, String> logContext) {
    this.headers = headers;
    this.sent =
        headers.isEmpty() && logContext.isEmpty()
            ? List.of()
            : JobHeaders.encode(headers, logContext);
  }

  /**
   * Without a logging context.
   *
   * @throws IllegalArgumentException if a name is reserved, or all are too large
   */
  static SentHeaders of(Map<String, String> headers) {
    Map<String, String> copy = Map.copyOf(headers);
    for (String name : copy.keySet()) {
      if (name.startsWith(JobHeaders.RESERVED_PREFIX)) {
        throw new IllegalArgumentException(
            "headers must not begin with " + JobHeaders.RESERVED_PREFIX + ", but one is " + name);
      }
    }
    checkSize("headers", copy);
    return new SentHeaders(copy, Map.of());
  }

  /**
   * With this logging context.
   *
   * @throws IllegalArgumentException if it is too large
   */
  SentHeaders with(Map<String, String> logContext) {
    checkSize("the logging context (MDC), which carryLogContext sends along,", logContext);
    return new SentHeaders(headers, logContext);
  }

  private static void checkSize(String what, Map<String, String> texts) {
    long bytes = 0;
    for (Map.Entry<String, String> each : texts.entrySet()) {
      bytes += each.getKey().getBytes(StandardCharsets.UTF_8).length;
      bytes += each.getValue().getBytes(StandardCharsets.UTF_8).length;
    }
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          what + " must have at most " + MAX_BYTES + " bytes, but has " + bytes);
    }
  }

  Set<String> names() {
    return headers.keySet();
  }

  List<String> sent() {
    return sent;
  }

  /** What they take in a frame, at most. */
  long bytes() {
    long bytes = 0;
    for (String text : sent) {
      bytes += text.getBytes(StandardCharsets.UTF_8).length + MAX_LENGTH_BYTES;
    }
    return bytes;
  }
}
