package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

  @ParameterizedTest
  @CsvSource({
    "500ms, 500",
    "30s, 30000",
    "1.5s, 1500",
    "2m, 120000",
    "1h, 3600000",
    "0.25h, 900000",
    "8760h, 31536000000"
  })
  void readsDurationsAsPeopleWriteThem(String text, long millis) {
    assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "5", "s", "-1s", "1 s", "1S", "1d", "1e3s", "1.s", "0s", "0.0ms", "8761h"})
  void refusesAnythingElseAndNamesIt(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({"500, 500ms", "1000, 1s", "1500, 1.5s", "61000, 61s", "120000, 2m", "7200000, 2h"})
  void writesTheShortestExactForm(long millis, String text) {
    assertThat(Durations.format(Duration.ofMillis(millis))).isEqualTo(text);
  }
}
