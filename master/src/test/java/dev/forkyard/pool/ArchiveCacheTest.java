package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveCacheTest {

  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

  @TempDir private Path temporary;

  private Path directory() {
    return temporary.resolve("caches").resolve("forkyard");
  }

  private ArchiveCache cache() {
    return new ArchiveCache(directory());
  }

  @Test
  void anArchiveIsFoundByItsKeyAloneAndBelongsToItsUserAlone() throws IOException {
    Path archive = install("a", "content");
    assertThat(cache().find("a")).isEqualTo(archive).hasContent("content");
    assertThat(cache().find("b")).isNull();
    assertThat(permissions(archive)).isEqualTo("rw-------");
    assertThat(permissions(directory())).isEqualTo("rwx------");
  }

  @Test
  void whereThereIsNoDirectoryNothingIsFoundAndNoneIsMade() throws IOException {
    assertThat(cache().find("a")).isNull();
    assertThat(directory()).doesNotExist();
  }

  @Test
  void aTruncatedOrDamagedOrEmptyArchiveIsRemovedAndNotFound() throws IOException {
    for (String damaged : List.of("conten", "cOntent", "content and more", "")) {
      Path archive = install("a", "content");
      Files.writeString(archive, damaged);
      assertThat(cache().find("a")).as(damaged).isNull();
      assertThat(archive).doesNotExist();
    }
  }

  @Test
  void anArchiveHasNoNameBeforeItIsWhole() throws IOException {
    Files.writeString(cache().unfinished(), "half");
    assertThat(cache().find("a")).isNull();
  }

  @Test
  void twoThatMakeTheSameArchiveAtOnceDisturbNobody() throws IOException {
    Path first = cache().unfinished();
    Path second = cache().unfinished();
    assertThat(first).isNotEqualTo(second);
    Files.writeString(first, "content");
    Files.writeString(second, "never alike");
    Path archive = cache().install(first, "a");
    assertThat(cache().install(second, "a")).isEqualTo(archive);
    assertThat(cache().find("a")).isEqualTo(archive);
    assertThat(files()).containsExactly(archive);
  }

  @Test
  void aDirectoryThatOthersMayLookIntoIsRefusedAndNamed() throws IOException {
    install("a", "content");
    Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwxr-x---"));
    assertThatThrownBy(() -> cache().find("a"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(directory().toString())
        .hasMessageContaining("rwxr-x---");
    assertThatThrownBy(() -> cache().unfinished()).isInstanceOf(IOException.class);
  }

  @Test
  void aDirectoryThatCanNotBeMadeIsAnErrorThatNamesIt() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    ArchiveCache below = new ArchiveCache(file.resolve("forkyard"));
    assertThat(below.find("a")).isNull();
    assertThatThrownBy(below::unfinished)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void ofTooManyTheLongestUnusedGo() throws IOException {
    for (int i = 0; i < 8; i++) {
      setAge(install("key" + i, "content"), 100 - i);
    }
    // To find one is to use it.
    assertThat(cache().find("key0")).isNotNull();
    install("new", "content");
    assertThat(files()).hasSize(8);
    assertThat(cache().find("new")).isNotNull();
    assertThat(cache().find("key0")).isNotNull();
    assertThat(cache().find("key1")).isNull();
  }

  @Test
  void whatWasNeverFinishedGoesWithTime() throws IOException {
    Path old = Files.createFile(cache().unfinished());
    setAge(old, 2);
    Path recent = Files.createFile(cache().unfinished());
    install("a", "content");
    assertThat(old).doesNotExist();
    assertThat(recent).exists();
  }

  @Test
  void aKeyTellsJarsApartByContentOrderAndPlaceAndByOptionsAndJdk() throws IOException {
    Path one = jar("one.jar", "1");
    Path two = jar("two.jar", "2");
    String key = ArchiveCache.key(JAVA_HOME, List.of("-Da=b"), List.of(one, two));
    assertThat(ArchiveCache.key(JAVA_HOME, List.of("-Da=b"), List.of(one, two))).isEqualTo(key);
    assertThat(ArchiveCache.key(JAVA_HOME, List.of("-Da=b"), List.of(two, one))).isNotEqualTo(key);
    assertThat(ArchiveCache.key(JAVA_HOME, List.of("-Da=b"), List.of(one))).isNotEqualTo(key);
    assertThat(ArchiveCache.key(JAVA_HOME, List.of("-Da=c"), List.of(one, two))).isNotEqualTo(key);
    assertThat(ArchiveCache.key(otherJdk(), List.of("-Da=b"), List.of(one, two))).isNotEqualTo(key);
    replaceKeepingSizeAndTime(two, "3");
    assertThat(ArchiveCache.key(JAVA_HOME, List.of("-Da=b"), List.of(one, two))).isNotEqualTo(key);
  }

  @Test
  void aKeyOfWhatCanNotBeLookedAtIsAnError() {
    Path missing = temporary.resolve("missing.jar");
    assertThatThrownBy(() -> ArchiveCache.key(JAVA_HOME, List.of(), List.of(missing)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("missing.jar");
  }

  @Test
  void cachesLieWhereEachSystemHasThem() {
    assertThat(place(Map.of(), "/home/me", "linux")).isEqualTo(Path.of("/home/me/.cache/forkyard"));
    assertThat(place(Map.of("XDG_CACHE_HOME", "/c"), "/home/me", "linux"))
        .isEqualTo(Path.of("/c/forkyard"));
    assertThat(place(Map.of("XDG_CACHE_HOME", "relative"), "/home/me", "linux"))
        .isEqualTo(Path.of("/home/me/.cache/forkyard"));
    assertThat(place(Map.of(), "/Users/me", "mac os x"))
        .isEqualTo(Path.of("/Users/me/Library/Caches/forkyard"));
    assertThat(place(Map.of("LOCALAPPDATA", "/local"), "/u", "windows 11"))
        .isEqualTo(Path.of("/local/forkyard"));
    assertThat(place(Map.of(), "", "linux")).isNull();
    assertThat(place(Map.of(), "?", "linux")).isNull();
  }

  private static Path place(Map<String, String> environment, String home, String system) {
    return ArchiveCache.defaultDirectory(environment, home, system);
  }

  private Path otherJdk() throws IOException {
    Path home = temporary.resolve("jdk");
    Files.createDirectories(home.resolve("lib"));
    Files.writeString(home.resolve("lib/modules"), "m");
    Files.writeString(home.resolve("release"), "r");
    return home;
  }

  private Path jar(String name, String content) throws IOException {
    return Files.writeString(temporary.resolve(name), content);
  }

  private static void replaceKeepingSizeAndTime(Path file, String content) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, content);
    Files.setLastModifiedTime(file, time);
  }

  private Path install(String key, String content) throws IOException {
    Path unfinished = cache().unfinished();
    assertThat(unfinished).doesNotExist();
    Files.writeString(unfinished, content);
    return cache().install(unfinished, key);
  }

  private static void setAge(Path file, int hours) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(hours, ChronoUnit.HOURS)));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.toList();
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
