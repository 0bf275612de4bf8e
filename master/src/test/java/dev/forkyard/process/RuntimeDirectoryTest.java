package dev.forkyard.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirectoryTest {

  @TempDir private Path elsewhere;

  private Path planted;

  @AfterEach
  void removePlanted() throws IOException {
    if (planted != null) {
      Files.deleteIfExists(planted.resolve("lock"));
      Files.deleteIfExists(planted.resolve("s"));
      Files.deleteIfExists(planted);
    }
  }

  @Test
  void itIsForItsOwnerAloneAndShortEnoughForASocketsAddress() throws IOException {
    try (RuntimeDirectory directory = RuntimeDirectory.create()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
          .isEqualTo("rwx------");
      assertThat(directory.path().resolve("s").toString().length()).isLessThan(100);
    }
  }

  @Test
  void itIsGoneWhenClosed() throws IOException {
    RuntimeDirectory directory = RuntimeDirectory.create();
    Files.createFile(directory.path().resolve("s"));
    directory.close();
    assertThat(directory.path()).doesNotExist();
  }

  @Test
  void theNextStartRemovesOneWhoseOwnerIsGone() throws IOException {
    plant("forkyard-");
    Files.createFile(planted.resolve("s"));
    Files.createFile(planted.resolve("lock"));
    RuntimeDirectory.create().close();
    awaitRemoved();
  }

  @Test
  void theNextStartLeavesThoseInUseAndThoseThatAreNotIts() throws IOException {
    plant("forkyard-");
    try (RuntimeDirectory inUse = RuntimeDirectory.create()) {
      RuntimeDirectory.create().close();
      assertThat(inUse.path()).exists();
    }
    assertThat(planted).as("without a lock it may be anybody's").exists();
  }

  /** Another program that makes a directory of its own. */
  public static final class Foreign {

    private Foreign() {}

    /** Sweeps on its way. */
    public static void main(String[] args) throws IOException {
      RuntimeDirectory.create().close();
    }
  }

  @Test
  void anotherProgramLeavesAllOfAProgramThatHasSeveral() throws Exception {
    try (RuntimeDirectory first = RuntimeDirectory.create();
        RuntimeDirectory second = RuntimeDirectory.create()) {
      startAnotherProgram();
      assertThat(first.path()).exists();
      assertThat(second.path()).exists();
    }
  }

  @Test
  void itLeavesThoseOfTwoClassLoadersToo() throws Exception {
    try (RuntimeDirectory first = RuntimeDirectory.create();
        URLClassLoader loader = new URLClassLoader(classPath(), null)) {
      Class<?> other = loader.loadClass(RuntimeDirectory.class.getName());
      assertThat(other).isNotSameAs(RuntimeDirectory.class);
      try (AutoCloseable second = (AutoCloseable) other.getMethod("create").invoke(null)) {
        startAnotherProgram();
        assertThat(first.path()).exists();
        assertThat((Path) other.getMethod("path").invoke(second)).exists();
      }
    }
  }

  @Test
  void whatAnEarlierProcessWithTheSameIdLeftIsRemoved() throws IOException {
    plant("forkyard-" + ProcessHandle.current().pid() + "-");
    Files.createFile(planted.resolve("lock"));
    RuntimeDirectory.create().close();
    awaitRemoved();
  }

  private static void startAnotherProgram() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Foreign.class.getName())
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
  }

  private static URL[] classPath() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }

  @Test
  void oneThatWasLeftUnfinishedIsRemovedOnceItIsOld() throws IOException {
    plant("forkyard.new-");
    RuntimeDirectory.create().close();
    assertThat(planted).exists();
    Files.setLastModifiedTime(planted, FileTime.from(Instant.now().minusSeconds(3600)));
    RuntimeDirectory.create().close();
    awaitRemoved();
  }

  @Test
  void aLinkIsNotFollowed() throws IOException {
    Files.createFile(elsewhere.resolve("lock"));
    Path link = base().resolve("forkyard-" + UUID.randomUUID());
    Files.createSymbolicLink(link, elsewhere);
    try {
      RuntimeDirectory.create().close();
      assertThat(elsewhere.resolve("lock")).exists();
    } finally {
      Files.delete(link);
    }
  }

  /** Another program's start may be about to, and then this one's leaves it to that. */
  private void awaitRemoved() {
    await().until(() -> Files.notExists(planted));
  }

  private void plant(String prefix) throws IOException {
    planted = Files.createDirectory(base().resolve(prefix + UUID.randomUUID()));
  }

  private static Path base() throws IOException {
    try (RuntimeDirectory directory = RuntimeDirectory.create()) {
      return directory.path().getParent();
    }
  }
}
