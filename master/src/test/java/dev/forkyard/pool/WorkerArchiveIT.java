package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers that start from an archive of their classes, with the packaged jars. */
@Timeout(300)
class WorkerArchiveIT {

  private static final Path LIBRARY =
      Path.of(System.getProperty("forkyard.root", "..")).resolve("master/target/launcher/lib");
  private static final HandlerRef<String, TextResult> ECHO =
      HandlerRef.text("dev.forkyard.launcher.builtin.Echo");

  /** To make one takes seconds of a core, which may be busy. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private static Path shared;

  private static Path madeCache;
  private static Path jars;

  @TempDir private Path temporary;

  private final List<String> output = new CopyOnWriteArrayList<>();
  private Path cache;

  /** Jars of its own, which a build that runs meanwhile does not replace. */
  @BeforeAll
  static void aPoolThatLivesForAWhileMakesAnArchive() throws IOException {
    jars = Files.createDirectory(shared.resolve("jars"));
    for (Path each : List.of(jar("protocol"), jar("worker"), jar("builtins"))) {
      Files.copy(each, jars.resolve(each.getFileName()));
    }
    madeCache = shared.resolve("caches").resolve("forkyard");
    try (ProcessPool pool = pool(madeCache, classPath()).build()) {
      run(pool);
      await().atMost(LIMIT).until(() -> archives(madeCache).size() == 1);
    }
    assertThat(files(madeCache)).as("nothing but the archive").hasSize(1);
  }

  private static Path jar(String name) throws IOException {
    try (Stream<Path> files = Files.list(LIBRARY)) {
      return files
          .filter(file -> file.getFileName().toString().matches("forkyard-.*"))
          .filter(
              file ->
                  file.getFileName().toString().endsWith("-" + name + ".jar")
                      || file.getFileName().toString().startsWith("forkyard-" + name + "-"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static List<Path> classPath() throws IOException {
    List<Path> path = new ArrayList<>(files(jars));
    path.sort(null);
    return path;
  }

  @BeforeEach
  void copyTheCache() throws IOException {
    cache = Files.createDirectories(temporary.resolve("caches")).resolve("forkyard");
    Files.createDirectory(
        cache, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    for (Path each : files(madeCache)) {
      Files.copy(each, cache.resolve(each.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static ProcessPool.Builder pool(Path cache, List<Path> classPath) {
    return ProcessPool.builder().workers(1).cacheDirectory(cache).classPath(classPath);
  }

  private ProcessPool.Builder pool() throws IOException {
    return pool(cache, classPath()).onOutput((pid, line) -> output.add(line));
  }

  @Test
  void theNextPoolsWorkersMapItAndSayNothingOfIt() throws Exception {
    try (ProcessPool pool = pool().build()) {
      assertThat(mapsArchive(pool)).isTrue();
    }
    assertThat(output).isEmpty();
  }

  @Test
  void aDirectoryBehindTheJarsIsNoHindrance() throws Exception {
    List<Path> path = new ArrayList<>(classPath());
    path.add(temporary);
    try (ProcessPool pool = pool().classPath(path).build()) {
      assertThat(mapsArchive(pool)).isTrue();
    }
    assertThat(output).isEmpty();
  }

  @Test
  void aDirectoryBeforeTheJarsMeansNoArchive() throws Exception {
    List<Path> path = new ArrayList<>(List.of(temporary));
    path.addAll(classPath());
    try (ProcessPool pool = pool().classPath(path).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
  }

  @Test
  void whoWantsNoneGetsNone() throws Exception {
    try (ProcessPool pool = pool().classDataSharing(false).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
  }

  @Test
  void anotherClassPathOrOtherOptionsHaveAnotherArchive() throws Exception {
    List<Path> turned = new ArrayList<>(classPath());
    turned.add(turned.remove(0));
    try (ProcessPool pool = pool().classPath(turned).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
    try (ProcessPool pool = pool().jvmOptions(List.of("-Da=b")).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
    try (ProcessPool pool = pool().jvmOptions(List.of("-Xshare:auto")).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
    try (ProcessPool pool = pool().workerHeapBytes(64 << 20).build()) {
      assertThat(mapsArchive(pool)).as("another heap").isTrue();
    }
    assertThat(archives(cache)).hasSize(1);
  }

  @Test
  void aTruncatedOrDamagedArchiveIsRemovedBeforeAWorkerMeetsIt() throws Exception {
    Path archive = archives(cache).get(0);
    byte[] whole = Files.readAllBytes(archive);
    for (byte[] damaged : List.of(Arrays.copyOf(whole, whole.length / 2), flip(whole))) {
      Files.write(archive, damaged);
      try (ProcessPool pool = pool().build()) {
        assertThat(mapsArchive(pool)).isFalse();
        assertThat(pool.stats().lost()).isZero();
      }
      assertThat(archive).doesNotExist();
    }
    assertThat(output).isEmpty();
  }

  private static byte[] flip(byte[] whole) {
    byte[] flipped = whole.clone();
    for (int i = whole.length / 3; i < whole.length; i += 997) {
      flipped[i] ^= 0x55;
    }
    return flipped;
  }

  /** The JVM is a script, so that it can be told when to crash. */
  @Test
  void anArchiveThatCrashesAWorkerIsRemovedAndTheWorkerStartedWithoutIt() throws Exception {
    Path home = crashingJdk();
    Path crash = home.resolve("crash");
    try (ProcessPool pool = pool().javaHome(home).build()) {
      run(pool);
      await().atMost(LIMIT).until(() -> archives(cache).size() == 2);
    }
    Files.createFile(crash);
    try (ProcessPool pool = pool().workers(2).javaHome(home).build()) {
      await().atMost(LIMIT).until(() -> pool.stats().workers() == 2 && ready(pool) == 2);
      assertThat(mapsArchive(pool)).isFalse();
      assertThat(pool.stats().lost()).isZero();
      assertThat(pool.stats().started()).isEqualTo(2);
    }
    assertThat(archives(cache)).as("that of the other JDK").hasSize(1);
  }

  private static long ready(ProcessPool pool) {
    return pool.workers().stream()
        .filter(worker -> worker.state() != WorkerInfo.State.STARTING)
        .count();
  }

  private Path crashingJdk() throws IOException {
    Path real = Path.of(System.getProperty("java.home"));
    Path home = Files.createDirectory(temporary.resolve("jdk"));
    Files.createFile(Files.createDirectory(home.resolve("lib")).resolve("modules"));
    Files.copy(real.resolve("release"), home.resolve("release"));
    Path java = Files.createDirectory(home.resolve("bin")).resolve("java");
    Files.writeString(
        java,
        """
        #!/bin/sh
        case "$*" in *SharedArchiveFile*) [ ! -e %s ] || kill -ABRT $$ ;; esac
        exec %s "$@"
        """
            .formatted(home.resolve("crash"), real.resolve("bin/java")));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    return home;
  }

  @Test
  void aReplacedJarIsReadAndTheOldArchiveNotUsed() throws Exception {
    Path own = Files.createDirectory(temporary.resolve("own"));
    List<Path> path = new ArrayList<>();
    for (Path each : classPath()) {
      path.add(Files.copy(each, own.resolve(each.getFileName())));
    }
    try (ProcessPool pool = pool().classPath(path).build()) {
      run(pool);
      await().atMost(LIMIT).until(() -> archives(cache).size() == 2);
    }
    try (ProcessPool pool = pool().classPath(path).build()) {
      assertThat(mapsArchive(pool)).isTrue();
    }
    for (Path each : path) {
      Path copy = Files.copy(each, own.resolve("copy"), StandardCopyOption.COPY_ATTRIBUTES);
      Files.move(copy, each, StandardCopyOption.REPLACE_EXISTING);
    }
    try (ProcessPool pool = pool().classPath(path).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
  }

  @Test
  void whereTheCacheCanNotBeMadePoolsWorkWithoutIt() throws Exception {
    Path file = Files.createFile(temporary.resolve("file"));
    try (ProcessPool pool = pool().cacheDirectory(file.resolve("forkyard")).build()) {
      assertThat(mapsArchive(pool)).isFalse();
    }
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (ProcessPool pool = pool().build()) {
      assertThat(mapsArchive(pool)).as("in a directory for all").isFalse();
    }
    assertThat(output).isEmpty();
  }

  @Test
  void poolsThatMakeOneAtTheSameTimeEndUpWithOne() throws Exception {
    Path empty = temporary.resolve("empty").resolve("forkyard");
    try (ProcessPool one = pool().cacheDirectory(empty).build();
        ProcessPool other = pool().cacheDirectory(empty).build()) {
      run(one);
      run(other);
      await().atMost(LIMIT).until(() -> !archives(empty).isEmpty() && trainers().isEmpty());
    }
    try (ProcessPool pool = pool().cacheDirectory(empty).build()) {
      assertThat(mapsArchive(pool)).isTrue();
    }
    assertThat(files(empty)).hasSize(1);
  }

  @Test
  void whenAPoolIsClosedWhatMakesItsArchiveIsGone() throws Exception {
    Path empty = temporary.resolve("empty").resolve("forkyard");
    ProcessPool pool = pool().cacheDirectory(empty).build();
    run(pool);
    await().atMost(LIMIT).until(() -> !trainers().isEmpty());
    pool.close();
    assertThat(trainers()).isEmpty();
    await().atMost(LIMIT).until(() -> files(empty).isEmpty());
  }

  /** Those of this JVM. */
  private static List<ProcessHandle> trainers() {
    return ProcessHandle.current()
        .descendants()
        .filter(
            each ->
                each.info()
                    .arguments()
                    .map(List::of)
                    .orElse(List.of())
                    .contains("dev.forkyard.worker.WorkerTraining"))
        .toList();
  }

  private static void run(ProcessPool pool) {
    assertThat(pool.submit(ECHO, "hi", JobOptions.defaults()).join().text()).isEqualTo("hi");
  }

  private static boolean mapsArchive(ProcessPool pool) throws IOException {
    run(pool);
    long pid = pool.workers().get(0).pid();
    return Files.readString(Path.of("/proc/" + pid + "/maps")).contains("/forkyard/worker-");
  }

  private static List<Path> archives(Path cache) {
    return files(cache).stream()
        .filter(file -> file.getFileName().toString().startsWith("worker-"))
        .toList();
  }

  private static List<Path> files(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
