package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Archives of classes, from which the command and its workers start. */
@Timeout(300)
class PrepareIT {

  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private Path caches;
  @TempDir private Path root;

  private Path script;
  private Path built;

  /** A launcher of its own: from the archives beside the build's, other tests' commands start. */
  @BeforeEach
  void copyTheLauncher() throws IOException {
    script = Files.copy(Command.SCRIPT, root.resolve("forkyard"));
    built = Files.createDirectories(root.toRealPath().resolve("master/target/launcher"));
    Path library = Files.createDirectory(built.resolve("lib"));
    try (Stream<Path> jars = Files.list(Command.ROOT.resolve("master/target/launcher/lib"))) {
      for (Path each : jars.toList()) {
        Files.copy(each, library.resolve(each.getFileName()));
      }
    }
    Command.markAsBuilt(root);
  }

  @Test
  void whatIsPreparedStartsFromItsArchivesUnlessTheyAreTurnedOff() throws Exception {
    prepare();
    try (Command run = start("run", "sleep", "60s")) {
      awaitWorker(run);
      assertThat(maps(run, "dev.forkyard.launcher.Launcher")).contains(built + "/master");
      assertThat(maps(run, "dev.forkyard.worker.WorkerMain")).contains(caches + "/forkyard/worker");
    }
    try (Command run = env("FORKYARD_CDS=off", script.toString(), "run", "sleep", "60s")) {
      awaitWorker(run);
      assertThat(maps(run, "dev.forkyard.launcher.Launcher")).doesNotContain(built + "/master");
      assertThat(maps(run, "dev.forkyard.worker.WorkerMain")).doesNotContain(caches.toString());
    }
  }

  @Test
  void aPreparedCommandSaysNothingMore() throws Exception {
    prepare();
    try (Command run = start("run", "-q", "echo", "hi")) {
      assertThat(run.exitCode()).isZero();
      assertThat(run.out()).isEqualTo("hi\n");
      assertThat(run.errors()).isEmpty();
    }
  }

  @Test
  void aTruncatedArchiveIsNotUsed() throws Exception {
    prepare();
    try (RandomAccessFile archive =
        new RandomAccessFile(writable(archives().get(0)).toFile(), "rw")) {
      archive.setLength(archive.length() / 2);
    }
    try (Command run = start("run", "-q", "echo", "hi")) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo("hi\n");
      assertThat(run.errors()).isEmpty();
    }
  }

  private static Path writable(Path file) throws IOException {
    assertThat(file.toFile().setWritable(true)).isTrue();
    return file;
  }

  @Test
  void whatMakesAnArchiveEndsWithAMasterThatIsKilled() throws Exception {
    try (Command run = start("run", "sleep", "60s")) {
      await()
          .atMost(LIMIT)
          .until(() -> !run.matching("dev.forkyard.worker.WorkerTraining").isEmpty());
      run.signal("KILL");
      run.assertNothingLeft();
    }
  }

  private void prepare() throws Exception {
    try (Command prepare = start("prepare")) {
      assertThat(prepare.exitCode()).as(prepare.errors()).isZero();
      assertThat(prepare.out()).isEmpty();
      prepare.assertNothingLeft();
    }
    assertThat(archives()).hasSize(1);
    try (Stream<Path> files = Files.list(caches.resolve("forkyard"))) {
      assertThat(files).hasSize(1);
    }
  }

  private Command start(String... arguments) throws IOException {
    return env(
        Stream.concat(Stream.of(script.toString()), Stream.of(arguments)).toArray(String[]::new));
  }

  private Command env(String... words) throws IOException {
    return Command.env(
        Command.ROOT,
        Stream.concat(Stream.of("XDG_CACHE_HOME=" + caches), Stream.of(words)).toList());
  }

  /** It runs Java's code by then, so all that it starts from is mapped. */
  private static void awaitWorker(Command run) {
    await()
        .atMost(LIMIT)
        .until(() -> maps(run, "dev.forkyard.worker.WorkerMain").contains("libnio."));
  }

  /** What that process has mapped. */
  private static String maps(Command run, String main) {
    StringBuilder maps = new StringBuilder();
    for (ProcessHandle each : run.matching(main)) {
      try {
        maps.append(Files.readString(Path.of("/proc/" + each.pid() + "/maps")));
      } catch (IOException ended) {
        // Then it has nothing mapped.
      }
    }
    return maps.toString();
  }

  private List<Path> archives() throws IOException {
    try (var files = Files.newDirectoryStream(built, "*.jsa")) {
      return StreamSupport.stream(files.spliterator(), false).toList();
    }
  }
}
