package dev.forkyard.benchmarks.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command, for a short time: of its masters one is killed. */
@Timeout(400)
@EnabledOnOs(OS.LINUX)
class SoakIT {

  @TempDir private Path folder;

  @Test
  void everyJobEndsOnceAndAsItShouldAndNothingIsLeft() throws Exception {
    String said = soak(0, "--duration", "20s", "--seed", "1");
    assertThat(said)
        .contains("every job ended once and as it should, and nothing is left")
        .contains("of which 1 were killed")
        .contains("submitted", "echo", "poison", "bad_reload");
  }

  @Test
  void whatItCannotDoIsSaidInOneLine() throws Exception {
    assertThat(soak(2, "--duration", "soon").lines())
        .containsExactly(
            "forkyard: --duration must be like 20s, 30m or 2h, but is 'soon'; see forkyard soak"
                + " --help");
    assertThat(soak(2, "--workers", "0").lines()).hasSize(1);
  }

  private String soak(int exitCode, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("forkyard.benchmarks"), Soak.class.getName()));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(6, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output);
    assertThat(process.exitValue()).as(text).isEqualTo(exitCode);
    return text;
  }
}
