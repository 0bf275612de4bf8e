package dev.forkyard.launcher.builtin;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sleeps for the duration that it is given. */
public final class Sleep implements JobHandler<String, String> {

  private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)?");

  @Override
  public String handle(String duration, JobContext context) throws InterruptedException {
    Matcher parts = DURATION.matcher(duration.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "\"" + duration + "\" is no duration; write 500ms, 2s, 1.5m or 1h");
    }
    String unit = parts.group(2) == null ? "s" : parts.group(2);
    double factor =
        switch (unit) {
          case "ms" -> 1;
          case "m" -> 60_000;
          case "h" -> 3_600_000;
          default -> 1_000;
        };
    Thread.sleep((long) (Double.parseDouble(parts.group(1)) * factor));
    return duration;
  }
}
