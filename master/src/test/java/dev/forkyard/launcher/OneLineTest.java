package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {

  @Test
  void keepsWhatIsPrintable() {
    assertThat(OneLine.of("naïve → \\ \"x\"")).isEqualTo("naïve → \\ \"x\"");
  }

  @Test
  void showsControlCharactersInsteadOfSendingThemToTheTerminal() {
    assertThat(OneLine.of("a\nb\rc\td\033[2Je\0")).isEqualTo("a\\nb\\rc\\td\\x1b[2Je\\x00");
  }

  @Test
  void cutsLongInputs() {
    assertThat(OneLine.quoted("x".repeat(100))).isEqualTo('"' + "x".repeat(100) + '"');
    assertThat(OneLine.quoted("x".repeat(101))).isEqualTo('"' + "x".repeat(100) + "…\"");
  }
}
