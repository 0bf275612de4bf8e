package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerClassPathTest {

  @TempDir private Path directory;

  @Test
  void theUsersEntriesComeBeforeOurJackson() throws IOException {
    Path library = Files.createDirectory(directory.resolve("lib"));
    List<Path> own = files(library, "forkyard-protocol-1.jar", "forkyard-worker-1.jar");
    List<Path> builtins = files(library, "forkyard-master-1-builtins.jar", "jspecify-1.jar");
    List<Path> jackson = files(library, "jackson-core-2.jar", "jackson-databind-2.jar");
    files(library, "forkyard-master-1.jar", "netty-common-4.jar", "picocli-4.jar");
    Path user = files(directory, "mine.jar").get(0);

    assertThat(WorkerClassPath.of(library, user.toString()))
        .containsExactly(
            own.get(0),
            own.get(1),
            builtins.get(0),
            builtins.get(1),
            user,
            jackson.get(0),
            jackson.get(1));
  }

  @Test
  void aStarStandsForTheJarsOfAFolder() throws IOException {
    List<Path> jars = files(directory, "a.jar", "b.jar");
    files(directory, "c.txt");
    assertThat(WorkerClassPath.userEntries(directory + "/*")).isEqualTo(jars);
  }

  @Test
  void aMissingEntryIsRefusedByName() {
    assertThatThrownBy(
            () ->
                WorkerClassPath.userEntries(
                    directory + File.pathSeparator + directory.resolve("gone.jar")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gone.jar");
  }

  @Test
  void anEmptyEntryIsRefused() {
    assertThatThrownBy(() -> WorkerClassPath.userEntries(directory + File.pathSeparator))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("empty entry");
  }

  private static List<Path> files(Path directory, String... names) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : names) {
      files.add(Files.createFile(directory.resolve(name)));
    }
    return files;
  }
}
