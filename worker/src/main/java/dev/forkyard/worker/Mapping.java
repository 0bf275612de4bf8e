package dev.forkyard.worker;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/**
 * A file in memory that can be unmapped when it is no longer wanted: the garbage collector would do
 * it late, since it does not see how large it is. From Java 22 on by an {@code Arena}, where a use
 * after that throws; before by {@code Unsafe}, where it crashes.
 */
record Mapping(ByteBuffer buffer, Runnable cleaner) {

  private static final int FIRST_WITH_ARENAS = 22;

  static Mapping of(FileChannel channel, long size) throws IOException {
    try {
      return Runtime.version().feature() >= FIRST_WITH_ARENAS
          ? byArena(channel, size)
          : byUnsafe(channel, size);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof IOException refusal
          ? refusal
          : new IOException("could not map " + size + " bytes", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM can't unmap memory", e);
    }
  }

  /**
   * Lets go of the memory.
   *
   * @throws IllegalStateException from Java 22 on, if it is being read or written by the system
   */
  void unmap() {
    cleaner.run();
  }

  private static Mapping byArena(FileChannel channel, long size)
      throws ReflectiveOperationException {
    Class<?> arenaClass = Class.forName("java.lang.foreign.Arena");
    AutoCloseable arena = (AutoCloseable) arenaClass.getMethod("ofShared").invoke(null);
    Object segment =
        FileChannel.class
            .getMethod("map", MapMode.class, long.class, long.class, arenaClass)
            .invoke(channel, MapMode.READ_WRITE, 0L, size, arena);
    Method asByteBuffer =
        Class.forName("java.lang.foreign.MemorySegment").getMethod("asByteBuffer");
    return new Mapping((ByteBuffer) asByteBuffer.invoke(segment), () -> close(arena));
  }

  private static void close(AutoCloseable arena) {
    try {
      arena.close();
    } catch (Exception e) {
      throw new IllegalStateException("the shared memory is in use", e);
    }
  }

  private static Mapping byUnsafe(FileChannel channel, long size)
      throws IOException, ReflectiveOperationException {
    MappedByteBuffer mapped = channel.map(MapMode.READ_WRITE, 0, size);
    Class<?> unsafeClass = Class.forName("sun.misc.Unsafe");
    var field = unsafeClass.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    Object unsafe = field.get(null);
    Method cleaner = unsafeClass.getMethod("invokeCleaner", ByteBuffer.class);
    return new Mapping(mapped, () -> clean(cleaner, unsafe, mapped));
  }

  private static void clean(Method cleaner, Object unsafe, ByteBuffer mapped) {
    try {
      cleaner.invoke(unsafe, mapped);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("could not unmap", e);
    }
  }
}
