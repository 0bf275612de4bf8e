package dev.forkyard.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Memory that two processes share: what one writes into its {@link #buffer} the other reads in its
 * own, without a copy. Allocate it, send it as a message, and whoever gets it has the same bytes:
 *
 * <pre>
 *   SharedMemory memory = SharedMemory.allocate(64 &lt;&lt; 20);
 *   child.send(memory);                                          // the handle travels, not the bytes
 *   child.onMessage(SharedMemory.class, memory -&gt; ...);          // on the other side
 * </pre>
 *
 * <p>Each side closes its own. The memory is freed when both have, or have ended, however they
 * ended: on Linux it has no name in any file system from the start, and is reached through the
 * sending process's descriptor, so that nothing can be left behind. So a sender that ends before
 * the other side has taken it, takes it along: wait for the future of the send. When what was
 * written is to be read is for the two to agree on: a message sent after a write comes after it.
 */
public final class SharedMemory implements AutoCloseable {

  private static final Path MEMORY_BACKED = Path.of("/dev/shm");
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final String PREFIX = "forkyard-memory-";
  private static final String DELETED = " (deleted)";
  private static final int FILL_BYTES = 64 << 10;
  private static final Pattern DESCRIPTOR = Pattern.compile("/proc/[0-9]+/fd/[0-9]+");
  private static final Pattern NAME = Pattern.compile(PREFIX + "[0-9a-z]+");

  /** The names of the descriptors that are in use, each by one object. Guarded by the class. */
  private static final Set<String> CLAIMED = new HashSet<>();

  private final FileChannel channel;

  /** Where other processes find it: a descriptor below /proc, or a file. */
  private final String address;

  private final String name;
  private final Mapping mapping;
  private final int size;
  private final @Nullable Path named;
  private boolean closed;
  private int references = 1;

  private SharedMemory(
      FileChannel channel,
      String address,
      String name,
      Mapping mapping,
      int size,
      @Nullable Path named) {
    this.channel = channel;
    this.address = address;
    this.name = name;
    this.mapping = mapping;
    this.size = size;
    this.named = named;
  }

  /**
   * Allocates memory, filled with zeros, in memory-backed storage where the system has one.
   *
   * @throws IllegalArgumentException if the size is not positive
   * @throws IOException if there is not so much, or it can't be mapped
   */
  public static SharedMemory allocate(int size) throws IOException {
    if (size <= 0) {
      throw new IllegalArgumentException("size must be more than 0, but is " + size);
    }
    Path directory =
        Files.isWritable(MEMORY_BACKED)
            ? MEMORY_BACKED
            : Path.of(System.getProperty("java.io.tmpdir"));
    requireSpace(directory, size);
    String name = PREFIX + Long.toUnsignedString(new SecureRandom().nextLong(), 36);
    Path file = Files.createFile(directory.resolve(name), ownerOnly(directory));
    Claim claim;
    try {
      claim = claim(file, file.toRealPath().toString());
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(file);
      throw e;
    }
    try {
      if (claim.descriptor == null) {
        file.toFile().deleteOnExit();
      } else {
        // Before it is filled: whenever this process is killed, nothing is left.
        Files.delete(file);
      }
      fill(claim.channel, directory, size);
      Mapping mapping = Mapping.of(claim.channel, size);
      return claim.descriptor == null
          ? new SharedMemory(claim.channel, file.toString(), name, mapping, size, file)
          : new SharedMemory(claim.channel, claim.descriptor, name, mapping, size, null);
    } catch (IOException | RuntimeException e) {
      unclaim(claim.channel, claim.descriptor);
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** What is mapped without being there kills whoever touches it, so it is all made to be there. */
  private static void fill(FileChannel channel, Path directory, int size) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(size, FILL_BYTES));
    try {
      for (int written = 0; written < size; ) {
        written += channel.write(zeros.clear().limit(Math.min(size - written, FILL_BYTES)));
      }
    } catch (IOException e) {
      throw new IOException(
          "no room for " + size + " bytes of shared memory in " + directory + ": " + e.getMessage(),
          e);
    }
  }

  /** A quick answer where it is plain. */
  private static void requireSpace(Path directory, int size) throws IOException {
    long free = Files.getFileStore(directory).getUsableSpace();
    if (free < size) {
      throw new IOException(
          "no room for "
              + size
              + " bytes of shared memory: "
              + directory
              + " has "
              + free
              + " left");
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) {
    return directory.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /**
   * An open file and the name of its descriptor below /proc, which other processes can open.
   *
   * @param descriptor null where there is no such thing
   */
  private record Claim(FileChannel channel, @Nullable String descriptor) {}

  /**
   * Opens it and finds its descriptor: one that leads there and that no other object here has, so
   * that it stays open as long as this one.
   */
  private static Claim claim(Path file, String target) throws IOException {
    synchronized (SharedMemory.class) {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (!Files.isDirectory(DESCRIPTORS)) {
        return new Claim(channel, null);
      }
      try (DirectoryStream<Path> open = Files.newDirectoryStream(DESCRIPTORS)) {
        for (Path each : open) {
          String name = "/proc/" + ProcessHandle.current().pid() + "/fd/" + each.getFileName();
          if (pointsTo(each, target) && CLAIMED.add(name)) {
            return new Claim(channel, name);
          }
        }
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return new Claim(channel, null);
    }
  }

  private static void unclaim(FileChannel channel, @Nullable String descriptor) throws IOException {
    synchronized (SharedMemory.class) {
      channel.close();
      if (descriptor != null) {
        CLAIMED.remove(descriptor);
      }
    }
  }

  private static boolean pointsTo(Path descriptor, String file) {
    try {
      return Files.readSymbolicLink(descriptor).toString().equals(file);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  /**
   * Maps what the other side has. The name of the memory, which is never used twice, must be that
   * of what is found: neither another file nor another memory behind a descriptor that was used
   * again is taken for it.
   */
  private static SharedMemory open(int size, String name, String address) throws IOException {
    Path path = Path.of(address);
    String target = target(path, address, name);
    Claim claim;
    try {
      claim = claim(path, target);
    } catch (NoSuchFileException e) {
      throw gone(address, e);
    }
    try {
      if (size <= 0 || claim.channel.size() != size) {
        throw new IOException(
            "a handle of " + size + " bytes, but there are " + claim.channel.size());
      }
      Mapping mapping = Mapping.of(claim.channel, size);
      return new SharedMemory(
          claim.channel,
          claim.descriptor == null ? address : claim.descriptor,
          name,
          mapping,
          size,
          null);
    } catch (IOException | RuntimeException e) {
      unclaim(claim.channel, claim.descriptor);
      throw e;
    }
  }

  private static String target(Path path, String address, String name) throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new IOException("no name of shared memory: " + name);
    } else if (!Files.isDirectory(DESCRIPTORS)) {
      if (!path.endsWith(name) || !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException("no shared memory: " + address);
      }
      return address;
    } else if (!DESCRIPTOR.matcher(address).matches()) {
      throw new IOException("no descriptor of shared memory: " + address);
    }
    String target;
    try {
      target = Files.readSymbolicLink(path).toString();
    } catch (NoSuchFileException e) {
      throw gone(address, e);
    }
    if (!target.endsWith("/" + name + DELETED)) {
      throw gone(address, null);
    }
    return target;
  }

  private static IOException gone(String address, @Nullable IOException cause) {
    return new IOException(
        "no shared memory is behind "
            + address
            + " any more: its sender has closed it or has ended",
        cause);
  }

  /** How many bytes there are. */
  public int size() {
    return size;
  }

  /**
   * All of the bytes, at position 0, in the processor's byte order; each call answers with a buffer
   * of its own over the same memory. None may be used after {@link #close}: from Java 22 on that
   * throws, before it may crash the JVM.
   *
   * @throws IllegalStateException if it is closed
   */
  public synchronized ByteBuffer buffer() {
    if (closed) {
      throw new IllegalStateException("the shared memory is closed");
    }
    return mapping.buffer().duplicate().order(java.nio.ByteOrder.nativeOrder());
  }

  /** It is on its way to the other side, which must still find it. */
  public synchronized SharedMemory retain() {
    if (closed) {
      throw new IllegalStateException("the shared memory is closed");
    }
    references++;
    return this;
  }

  /** The other side has mapped it, or never will. */
  public synchronized void release() {
    if (references == 1) {
      free();
    }
    references--;
  }

  /**
   * Lets go of it, when what was sent has been taken. Does nothing if it is closed.
   *
   * @throws IllegalStateException from Java 22 on, if a channel is just reading or writing one of
   *     its buffers; then it is not closed
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      release();
      closed = true;
    }
  }

  private void free() {
    mapping.unmap();
    try {
      unclaim(channel, named == null ? address : null);
      if (named != null) {
        Files.deleteIfExists(named);
      }
    } catch (IOException e) {
      // The memory goes with the process at the latest.
    }
  }

  /** A handle: the size, the name of the memory, and where it is found. */
  static final class HandleCodec implements Codec<SharedMemory> {

    @Override
    public byte[] encode(SharedMemory memory) {
      return (memory.size + " " + memory.name + " " + memory.address)
          .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public SharedMemory decode(byte[] bytes) throws IOException {
      String[] parts = new String(bytes, StandardCharsets.UTF_8).split(" ", 3);
      try {
        return open(Integer.parseInt(parts[0]), parts[1], parts[2]);
      } catch (RuntimeException e) {
        throw new IOException("no handle of shared memory", e);
      }
    }
  }
}
