package dev.forkyard.benchmarks.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class LeftoversTest {

  private static final String NAME = "FORKYARD_LEFTOVERS_TEST";

  @TempDir private Path directory;

  @Test
  void aProcessThatCarriesTheMarkIsFoundWhileItLives() throws Exception {
    Leftovers leftovers = new Leftovers(NAME + "=" + directory, directory);
    assertThat(leftovers.find(0)).isEmpty();
    ProcessBuilder builder = new ProcessBuilder("sleep", "600");
    builder.environment().put(NAME, directory.toString());
    Process process = builder.start();
    try {
      // Its environment is its own from the moment that its program runs.
      await()
          .untilAsserted(
              () ->
                  assertThat(leftovers.find(0))
                      .containsExactly("process " + process.pid() + ": sleep 600"));
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(leftovers.find(0)).isEmpty();
  }

  @Test
  void aSocketsDirectoryAndAFileInSharedMemoryAreFound() throws Exception {
    Leftovers leftovers = new Leftovers(NAME + "=" + directory, directory);
    // No process has this id, and no other run of this test.
    long master = ThreadLocalRandom.current().nextLong(1L << 32, Long.MAX_VALUE);
    Path shared = Files.createFile(Path.of("/dev/shm/forkyard-" + master + "-test"));
    try {
      Path socket = Files.createDirectory(directory.resolve("forkyard-1"));
      assertThat(leftovers.find(master)).containsExactly("file " + socket, "file " + shared);
    } finally {
      Files.delete(shared);
    }
  }
}
