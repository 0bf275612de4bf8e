package dev.forkyard;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Has tests look at once, and then less and less often, for what they wait for. Most of it is there
 * within milliseconds, and Awaitility by itself would look each 100 ms.
 */
public final class QuickLooks implements BeforeAllCallback {

  private static final long MOST_MILLIS = 100;

  @Override
  public void beforeAll(ExtensionContext ofAClass) {
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval(
        (looks, before) -> Duration.ofMillis(Math.min(1L << Math.min(looks, 10), MOST_MILLIS)));
  }
}
