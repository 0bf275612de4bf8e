package dev.forkyard.process;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory for sockets: for this user alone, with a path short enough for a socket's address
 * whatever {@code TMPDIR} is, and locked while its owner lives, so that a later one can tell a
 * stale directory and remove it.
 *
 * <p>A process loses its lock on a file when it closes <em>any</em> descriptor of that file. So no
 * lock of this JVM's own may be looked at, and the name says whose it is: {@code
 * forkyard-PID-START-RANDOM}. Where process ids repeat, as in containers, the start tells an
 * earlier owner from this one.
 */
public final class RuntimeDirectory implements AutoCloseable {

  private static final String PREFIX = "forkyard-";
  private static final String UNFINISHED = "forkyard.new-";
  private static final String LOCK = "lock";
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final int MAX_BASE_CHARS = 60;
  private static final int RANDOM_CHARS = 6;
  private static final Duration UNFINISHED_FOR = Duration.ofMinutes(1);

  /** What the names of all directories of this JVM begin with, whatever class loader made them. */
  private static final String OWN_PREFIX = PREFIX + owner(ProcessHandle.current()) + "-";

  private final Path path;
  private final FileChannel lockFile;

  private RuntimeDirectory(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /** Makes one, and removes those whose owners are gone. */
  public static RuntimeDirectory create() throws IOException {
    Path base = base();
    sweep(base);
    String name = OWN_PREFIX + random();
    Path unfinished = base.resolve(UNFINISHED + name.substring(PREFIX.length()));
    Files.createDirectory(unfinished, ownerOnly());
    FileChannel lockFile =
        FileChannel.open(
            unfinished.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      lockFile.lock();
      // Locked before it gets the name that others look for.
      Path path = Files.move(unfinished, base.resolve(name));
      return new RuntimeDirectory(path, lockFile);
    } catch (IOException e) {
      lockFile.close();
      remove(unfinished);
      throw e;
    }
  }

  /** Two processes of one id differ in this; it is the same for all of one process's life. */
  private static String owner(ProcessHandle process) {
    long startMillis = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return process.pid() + "-" + Long.toString(startMillis, Character.MAX_RADIX);
  }

  private static String random() {
    StringBuilder chars = new StringBuilder();
    new SecureRandom()
        .ints(RANDOM_CHARS, 0, Character.MAX_RADIX)
        .forEach(digit -> chars.append(Character.forDigit(digit, Character.MAX_RADIX)));
    return chars.toString();
  }

  /** The one for all children that need one; it goes with this JVM. */
  static RuntimeDirectory shared() throws IOException {
    synchronized (Shared.LOCK) {
      RuntimeDirectory known = Shared.directory;
      if (known == null) {
        known = create();
        Shared.directory = known;
        Runtime.getRuntime().addShutdownHook(new Thread(known::close, "forkyard-directory"));
      }
      return known;
    }
  }

  private static final class Shared {
    static final Object LOCK = new Object();
    static @Nullable RuntimeDirectory directory;
  }

  private static Path base() {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    if (runtime != null && !runtime.isEmpty() && usable(Path.of(runtime))) {
      return Path.of(runtime);
    }
    Path common = Path.of("/tmp");
    return usable(common) ? common : Path.of(System.getProperty("java.io.tmpdir"));
  }

  private static boolean usable(Path directory) {
    return directory.toString().length() <= MAX_BASE_CHARS
        && Files.isDirectory(directory)
        && Files.isWritable(directory);
  }

  private static FileAttribute<?>[] ownerOnly() {
    return permissions("rwx------");
  }

  /** How a file is made that is its owner's alone wherever it lies. */
  static FileAttribute<?>[] ownersFile() {
    return permissions("rw-------");
  }

  private static FileAttribute<?>[] permissions(String permissions) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  private static void sweep(Path base) throws IOException {
    String me = System.getProperty("user.name");
    try (DirectoryStream<Path> found = Files.newDirectoryStream(base, "forkyard*-*")) {
      for (Path each : found) {
        if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)
            && ownedBy(me, each)
            && stale(each)) {
          remove(each);
        }
      }
    } catch (IOException inUseByOthers) {
      // What can't be looked at is not ours to remove.
    }
  }

  private static boolean ownedBy(String user, Path directory) {
    try {
      return Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).getName().equals(user);
    } catch (IOException gone) {
      // Another program has just removed its own, which is no reason to leave the others.
      return false;
    }
  }

  private static boolean stale(Path directory) {
    String name = directory.getFileName().toString();
    if (name.startsWith(UNFINISHED)) {
      return age(directory).compareTo(UNFINISHED_FOR) > 0;
    }
    if (name.startsWith(OWN_PREFIX)) {
      return false;
    }
    Path lock = directory.resolve(LOCK);
    if (!name.startsWith(PREFIX) || !Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
        FileLock free = channel.tryLock()) {
      return free != null;
    } catch (OverlappingFileLockException | IOException alive) {
      return false;
    }
  }

  private static Duration age(Path directory) {
    try {
      return Duration.between(Files.getLastModifiedTime(directory).toInstant(), Instant.now());
    } catch (IOException gone) {
      return Duration.ZERO;
    }
  }

  private static void remove(Path directory) {
    removeSharedMemory(directory.getFileName() + "-");
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path each : entries.toList()) {
        Files.deleteIfExists(each);
      }
      Files.deleteIfExists(directory);
    } catch (IOException another) {
      // Another start, or the guard, removes it at the same time.
    }
  }

  /** Removes the files in memory-backed storage whose name begins so. */
  static void removeSharedMemory(String prefix) {
    if (!Files.isDirectory(SHARED_MEMORY)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(SHARED_MEMORY, prefix + "*")) {
      for (Path each : files) {
        Files.deleteIfExists(each);
      }
    } catch (IOException another) {
      // As for the directory.
    }
  }

  /**
   * Where a file that two processes are to map is best made: in memory-backed storage where there
   * is one, else in the directory. It goes with the directory.
   */
  public Path sharedFile(String name) {
    return Files.isWritable(SHARED_MEMORY)
        ? SHARED_MEMORY.resolve(path.getFileName() + "-" + name)
        : path.resolve("shared-" + name);
  }

  /** The directory. */
  public Path path() {
    return path;
  }

  @Override
  public void close() {
    remove(path);
    closeQuietly(lockFile);
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The lock goes with the process at the latest.
    }
  }
}
