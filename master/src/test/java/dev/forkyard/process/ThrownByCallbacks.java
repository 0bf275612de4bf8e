package dev.forkyard.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.Thread.UncaughtExceptionHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What users' callbacks throw ends at the JVM's handler, once each; here that keeps it off the
 * console.
 */
final class ThrownByCallbacks implements BeforeEachCallback, AfterEachCallback {

  private final List<Throwable> reported = new CopyOnWriteArrayList<>();
  private UncaughtExceptionHandler before;
  private int expected;

  void expect(int count) {
    expected = count;
  }

  RuntimeException next() {
    return new IllegalStateException("thrown by a test, on purpose");
  }

  @Override
  public void beforeEach(ExtensionContext test) {
    before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> reported.add(error));
  }

  @Override
  public void afterEach(ExtensionContext test) {
    try {
      await().atMost(Marked.LIMIT).until(() -> reported.size() >= expected);
      assertThat(reported).hasSize(expected);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }
}
