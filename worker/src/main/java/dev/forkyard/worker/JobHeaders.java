package dev.forkyard.worker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a job's submitter sends along with it: headers, which the handler reads, and the logging
 * context, which it finds where it logs. Both travel as names and values by turns, the latter by
 * names with a prefix. For the pool's own use.
 */
public final class JobHeaders {

  /** With this begin the names that are the pool's own. */
  public static final String RESERVED_PREFIX = "forkyard-";

  private static final String LOG_PREFIX = RESERVED_PREFIX + "mdc-";

  private JobHeaders() {}

  /** Both as they travel. */
  public static List<String> encode(Map<String, String> headers, Map<String, String> logContext) {
    List<String> texts = new ArrayList<>(2 * (headers.size() + logContext.size()));
    headers.forEach(
        (name, value) -> {
          texts.add(name);
          texts.add(value);
        });
    logContext.forEach(
        (name, value) -> {
          texts.add(LOG_PREFIX + name);
          texts.add(value);
        });
    return Collections.unmodifiableList(texts);
  }

  /** What the handler reads. */
  static Map<String, String> headers(List<String> texts) {
    return texts.isEmpty() ? Map.of() : decode(texts, false);
  }

  /** What is for the logging context. */
  static Map<String, String> logContext(List<String> texts) {
    return decode(texts, true);
  }

  private static Map<String, String> decode(List<String> texts, boolean ofLog) {
    Map<String, String> found = new LinkedHashMap<>();
    for (int i = 0; i + 1 < texts.size(); i += 2) {
      String name = texts.get(i);
      if (name.startsWith(LOG_PREFIX) == ofLog) {
        found.put(ofLog ? name.substring(LOG_PREFIX.length()) : name, texts.get(i + 1));
      }
    }
    return Collections.unmodifiableMap(found);
  }
}
