package dev.forkyard.launcher;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes durations as people do: {@code 500ms}, {@code 1.5s}, {@code 2m}, {@code 1h}. */
final class Durations {

  private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h)");
  private static final BigDecimal NANOS_PER_MILLI = BigDecimal.valueOf(1_000_000);
  private static final Duration LONGEST = Duration.ofDays(365);

  private Durations() {}

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it has not that form, or is zero or longer than a year
   */
  static Duration parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a duration such as 500ms, 30s, 1.5s, 2m or 1h");
    }
    Duration duration = of(new BigDecimal(form.group(1)), form.group(2));
    if (duration.isZero() || duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "'" + text + "' must be more than zero and at most 365 days (8760h)");
    }
    return duration;
  }

  private static Duration of(BigDecimal number, String unit) {
    long millis =
        switch (unit) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "m" -> 60_000;
          default -> 3_600_000;
        };
    BigDecimal nanos = number.multiply(BigDecimal.valueOf(millis)).multiply(NANOS_PER_MILLI);
    BigDecimal[] parts =
        nanos.setScale(0, RoundingMode.DOWN).divideAndRemainder(BigDecimal.valueOf(1_000_000_000));
    return Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValueExact());
  }

  /** The shortest of the forms that is exact to the millisecond. */
  static String format(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + "ms";
    } else if (millis % 3_600_000 == 0) {
      return millis / 3_600_000 + "h";
    } else if (millis % 60_000 == 0) {
      return millis / 60_000 + "m";
    }
    return BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString() + "s";
  }
}
