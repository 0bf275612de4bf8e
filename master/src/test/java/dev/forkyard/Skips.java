package dev.forkyard;

import org.assertj.core.configuration.Configuration;
import org.assertj.core.configuration.PreferredAssumptionException;

/**
 * Has an assumption that does not hold skip its test. The test kit for streams has TestNG on the
 * class path, whose exception AssertJ would throw, and which is an error to JUnit.
 */
public final class Skips extends Configuration {

  @Override
  public PreferredAssumptionException preferredAssumptionException() {
    return PreferredAssumptionException.JUNIT5;
  }
}
