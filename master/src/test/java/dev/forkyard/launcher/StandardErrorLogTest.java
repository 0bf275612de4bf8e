package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class StandardErrorLogTest {

  private final Logger log = new StandardErrorLog().getLoggerFactory().getLogger("any");

  @Test
  void aWarningIsOneLineWithoutItsStack() {
    String said =
        errorsOf(() -> log.warn("pool {} of {}: \n  broken", "a", 2, new IllegalStateException()));
    assertThat(said).isEqualTo("forkyard: pool a of 2: | broken" + System.lineSeparator());
  }

  @Test
  void errorsAreShownAndWhatIsLessThanAWarningIsNot() {
    assertThat(errorsOf(() -> log.error("bad"))).contains("forkyard: bad");
    assertThat(
            errorsOf(
                () -> {
                  log.info("said");
                  log.debug("said");
                  log.trace("said");
                }))
        .isEmpty();
  }

  private static String errorsOf(Runnable action) {
    PrintStream before = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return said.toString(UTF_8);
  }
}
