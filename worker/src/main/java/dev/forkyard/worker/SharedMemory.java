package dev.forkyard.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
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
 * allocating process's descriptor, so that nothing can be left behind. When what was written is to
 * be read is for the two to agree on: a message sent after a write comes after it.
 */
public final class SharedMemory implements AutoCloseable {

  private static final Path MEMORY_BACKED = Path.of("/dev/shm");
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final String PREFIX = "forkyard-memory-";
  private static final String DELETED = " (deleted)";

  private final FileChannel channel;
  private final String handle;
  private final Mapping mapping;
  private final int size;
  private final @Nullable Path named;
  private boolean closed;
  private int references = 1;

  private SharedMemory(
      FileChannel channel, String handle, Mapping mapping, int size, @Nullable Path named) {
    this.channel = channel;
    this.handle = handle;
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
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      Mapping mapping = Mapping.of(channel, size);
      String descriptor = descriptorOf(file);
      if (descriptor == null) {
        file.toFile().deleteOnExit();
        return new SharedMemory(channel, file.toString(), mapping, size, file);
      }
      Files.delete(file);
      return new SharedMemory(channel, descriptor, mapping, size, null);
    } catch (IOException | RuntimeException e) {
      if (channel != null) {
        channel.close();
      }
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** What is mapped without being there kills whoever touches it. */
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

  /** The name below /proc that other processes can open; null where there is no such thing. */
  private static @Nullable String descriptorOf(Path file) throws IOException {
    if (!Files.isDirectory(DESCRIPTORS)) {
      return null;
    }
    try (DirectoryStream<Path> open = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path each : open) {
        if (pointsTo(each, file.toString())) {
          return "/proc/" + ProcessHandle.current().pid() + "/fd/" + each.getFileName();
        }
      }
    }
    return null;
  }

  private static boolean pointsTo(Path descriptor, String file) {
    try {
      return Files.readSymbolicLink(descriptor).toString().equals(file);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  /** Maps what the other side allocated; a handle that names anything else is refused. */
  private static SharedMemory open(String handle, int size) throws IOException {
    Path path = Path.of(handle);
    String target =
        Files.isSymbolicLink(path) ? Files.readSymbolicLink(path).toString() : path.toString();
    String name = Path.of(target).getFileName().toString();
    if (size <= 0 || !name.startsWith(PREFIX)) {
      throw new IOException("no handle of shared memory: " + handle);
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.size() < size || (target.endsWith(DELETED) != handle.startsWith("/proc/"))) {
        throw new IOException("no handle of " + size + " bytes of shared memory: " + handle);
      }
      return new SharedMemory(channel, handle, Mapping.of(channel, size), size, null);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
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
    references--;
    if (references == 0) {
      free();
    }
  }

  /** Lets go of it, when what was sent has been taken. Does nothing if it is closed. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }

  private void free() {
    mapping.unmap();
    try {
      channel.close();
      if (named != null) {
        Files.deleteIfExists(named);
      }
    } catch (IOException e) {
      // The memory goes with the process at the latest.
    }
  }

  /** A handle: the size, and where the memory is found. */
  static final class HandleCodec implements Codec<SharedMemory> {

    @Override
    public byte[] encode(SharedMemory memory) {
      return (memory.size + " " + memory.handle).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public SharedMemory decode(byte[] bytes) throws IOException {
      String[] parts = new String(bytes, StandardCharsets.UTF_8).split(" ", 2);
      try {
        return open(parts[1], Integer.parseInt(parts[0]));
      } catch (RuntimeException e) {
        throw new IOException("no handle of shared memory", e);
      }
    }
  }
}
