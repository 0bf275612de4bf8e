package dev.forkyard.pool;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The files of class-data archives, each under a key of all that it depends on: which archive there
 * is, how one gets there, and which go.
 *
 * <p>A JVM maps an archive as it is, so a damaged one may kill it, and a forged one be anything.
 * Hence the directory must be this user's alone, an archive gets its name only when it is whole,
 * and the name holds a checksum of what it holds, which is looked at before it is used.
 */
final class ArchiveCache {

  private static final String PREFIX = "worker-";
  private static final String SUFFIX = ".jsa";
  private static final String UNFINISHED = "new-";
  private static final int MAX_ARCHIVES = 8;
  private static final Duration UNFINISHED_FOR = Duration.ofHours(1);
  private static final Duration USE_IS_NOTED_AFTER = Duration.ofHours(1);
  private static final int KEY_BYTES = 16;

  private final Path directory;

  ArchiveCache(Path directory) {
    this.directory = directory;
  }

  /** Where a user's caches lie; null where that is not known. */
  static @Nullable Path defaultDirectory() {
    return defaultDirectory(
        System.getenv(),
        System.getProperty("user.home", ""),
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT));
  }

  static @Nullable Path defaultDirectory(
      Map<String, String> environment, String home, String system) {
    boolean windows = system.startsWith("windows");
    String named = environment.getOrDefault(windows ? "LOCALAPPDATA" : "XDG_CACHE_HOME", "");
    if (!named.isEmpty() && Path.of(named).isAbsolute()) {
      return Path.of(named, "forkyard");
    } else if (windows || !new File(home).isAbsolute()) {
      return null;
    }
    return system.startsWith("mac")
        ? Path.of(home, "Library", "Caches", "forkyard")
        : Path.of(home, ".cache", "forkyard");
  }

  /**
   * The key of this: the JDK, its options, and jars in their order. A jar is known by its place,
   * size, time and number, and where the system has it by the time of its last change, which nobody
   * can set back.
   *
   * @throws IOException if one of the files can't be looked at
   */
  static String key(Path javaHome, List<String> options, List<Path> jars) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(identity(javaHome.resolve("lib").resolve("modules"))).append('\n');
    text.append(identity(javaHome.resolve("release"))).append('\n');
    options.forEach(option -> text.append(option).append('\n'));
    for (Path jar : jars) {
      text.append(identity(jar)).append('\n');
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, KEY_BYTES);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static String identity(Path file) throws IOException {
    boolean unix = FileSystems.getDefault().supportedFileAttributeViews().contains("unix");
    Map<String, Object> known =
        Files.readAttributes(
            file, unix ? "unix:size,lastModifiedTime,ctime,ino" : "size,lastModifiedTime");
    List<String> names = new ArrayList<>(known.keySet());
    names.sort(null);
    StringBuilder text = new StringBuilder(file.toAbsolutePath().toString());
    names.forEach(name -> text.append('|').append(known.get(name)));
    return text.toString();
  }

  /** The whole archive of that key; null if there is none. Damaged ones and others are removed. */
  @Nullable Path find(String key) throws IOException {
    if (!Files.isDirectory(directory)) {
      return null;
    }
    refuseUnlessPrivate();
    Path found = null;
    for (Path each : list(PREFIX + key + "-")) {
      if (found == null && each.equals(named(key, checksum(each)))) {
        found = each;
        noteUse(each);
      } else {
        Files.deleteIfExists(each);
      }
    }
    return found;
  }

  private void refuseUnlessPrivate() throws IOException {
    if (!posix()) {
      return;
    }
    String owner = Files.getOwner(directory).getName();
    String permissions = PosixFilePermissions.toString(Files.getPosixFilePermissions(directory));
    if (!owner.equals(System.getProperty("user.name")) || !permissions.endsWith("------")) {
      throw new IOException(
          directory + " must be this user's alone, but is " + owner + "'s, " + permissions);
    }
  }

  /** Of it the oldest are removed when there are too many. */
  private static void noteUse(Path archive) throws IOException {
    Instant now = Instant.now();
    Instant last = Files.getLastModifiedTime(archive).toInstant();
    if (last.plus(USE_IS_NOTED_AFTER).isBefore(now)) {
      try {
        Files.setLastModifiedTime(archive, FileTime.from(now));
      } catch (IOException readOnly) {
        // Then nobody removes it either.
      }
    }
  }

  /** Where an archive may be made; it is not there yet. Makes the directory if it is missing. */
  Path unfinished() throws IOException {
    Files.createDirectories(directory.toAbsolutePath().getParent());
    if (!Files.isDirectory(directory)) {
      Files.createDirectory(directory, permissions("rwx------"));
    }
    refuseUnlessPrivate();
    Path file = Files.createTempFile(directory, UNFINISHED, SUFFIX);
    // The JVM makes it, and tells when it can't.
    Files.delete(file);
    return file;
  }

  /**
   * Gives an archive that is whole its name, and removes the oldest of too many. If there is one of
   * that key by now, it is that which is answered with: two of the same classes are never alike.
   */
  Path install(Path unfinished, String key) throws IOException {
    Path other = find(key);
    if (other != null) {
      Files.delete(unfinished);
      return other;
    }
    if (posix()) {
      Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-------"));
    }
    Path archive = named(key, checksum(unfinished));
    Files.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE);
    trim(archive);
    return archive;
  }

  private void trim(Path newest) throws IOException {
    Instant unfinishedBefore = Instant.now().minus(UNFINISHED_FOR);
    for (Path each : list(UNFINISHED)) {
      if (time(each).isBefore(unfinishedBefore)) {
        Files.deleteIfExists(each);
      }
    }
    List<Path> archives = list(PREFIX);
    archives.remove(newest);
    archives.sort(Comparator.comparing(ArchiveCache::time).reversed());
    for (Path each :
        archives.subList(Math.min(MAX_ARCHIVES - 1, archives.size()), archives.size())) {
      Files.deleteIfExists(each);
    }
  }

  private static Instant time(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException gone) {
      return Instant.EPOCH;
    }
  }

  private List<Path> list(String prefix) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, prefix + "*" + SUFFIX)) {
      for (Path each : files) {
        if (Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS)) {
          found.add(each);
        }
      }
    }
    return found;
  }

  private Path named(String key, long checksum) {
    return directory.resolve(PREFIX + key + "-" + Long.toHexString(checksum) + SUFFIX);
  }

  private static long checksum(Path file) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(Files.readAllBytes(file));
    return checksum.getValue();
  }

  private static boolean posix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }

  private static FileAttribute<?>[] permissions(String permissions) {
    return posix()
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
