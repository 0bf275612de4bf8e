package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Spread;
import java.util.Locale;

/** Numbers as a person reads them: three digits. */
final class Digits {

  private Digits() {}

  /** Such as 1.23 M, 45.6 k or 789. */
  static String count(double value) {
    if (value >= 1e6) {
      return three(value / 1e6) + " M";
    }
    return value >= 1e4 ? three(value / 1e3) + " k" : three(value);
  }

  /** Such as 0.123, 1.23, 12.3, 123 or 1,234. */
  static String three(double value) {
    int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 || value == 0 ? 2 : 3;
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }

  /** Such as ×0.123. */
  static String ratio(double value) {
    return "×" + three(value);
  }

  /** Half of what lies between the least and the most, in percent of the median. */
  static String spread(Spread spread) {
    return String.format(
        Locale.ROOT, "±%.0f %%", (spread.most() - spread.least()) / 2 / spread.median() * 100);
  }
}
