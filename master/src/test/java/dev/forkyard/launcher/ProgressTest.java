package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressTest {

  @ParameterizedTest
  @ValueSource(ints = {20, 40, 80, 200})
  void theBarLeavesRoomForWhatATerminalEchoesOnAnInterrupt(int columns) {
    ByteArrayOutputStream terminal = new ByteArrayOutputStream();
    Console console = new Console(new PrintStream(terminal, true, UTF_8));
    try (Progress progress = Progress.show(console, columns, 10)) {
      progress.step();
      await().until(() -> !bars(terminal).isEmpty());
    }
    assertThat(bars(terminal)).allMatch(bar -> bar.length() + "^C".length() < columns);
  }

  private static List<String> bars(ByteArrayOutputStream terminal) {
    return Stream.of(terminal.toString(UTF_8).split("\r\033\\[K"))
        .filter(bar -> !bar.isBlank())
        .toList();
  }
}
