package dev.forkyard.pool;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A way for a job or its worker to end; each does it to the JVM that calls it. */
public enum Ending {
  EXCEPTION,
  ERROR,
  STACK_OVERFLOW,
  DIRECT_MEMORY,
  THREADS,
  EXIT,
  HALT,
  CRASH,
  KILL,
  HEAP,
  METASPACE,
  DESCRIPTORS,
  SOCKET,
  STOP;

  /** Options with which a worker's memory is soon exhausted. */
  static final List<String> SMALL =
      List.of("-XX:MaxMetaspaceSize=32m", "-XX:MaxDirectMemorySize=24m");

  /** Whether the process is gone, and not only what ran in it. */
  boolean ofTheProcess() {
    return ordinal() >= EXIT.ordinal() && !ofTheConnection();
  }

  /** Whether what ran goes on to its end, and can't tell any more. */
  boolean ofTheConnection() {
    return this == DESCRIPTORS || this == SOCKET;
  }

  /** Whether the worker can go on with the next job. */
  boolean survived() {
    return this == EXCEPTION || this == ERROR;
  }

  /** Ends. */
  void happen() throws Exception {
    switch (this) {
      case EXCEPTION -> throw new IllegalStateException("as told");
      case ERROR -> throw new AssertionError("as told");
      case STACK_OVERFLOW -> overflow(1);
      case DIRECT_MEMORY -> exhaustDirectMemory();
      // Really to have none left would hit the whole machine.
      case THREADS -> throw new OutOfMemoryError("unable to create native thread");
      case EXIT -> System.exit(3);
      case HALT -> Runtime.getRuntime().halt(4);
      case CRASH -> unsafe("putAddress", 0L, 0L);
      case KILL -> signal("KILL");
      case HEAP -> exhaustHeap();
      case METASPACE -> exhaustMetaspace();
      case DESCRIPTORS -> {
        for (int fd = 3; fd < 300; fd++) {
          closeDescriptor(fd);
        }
      }
      case SOCKET -> closeSocket();
      case STOP -> signal("STOP");
    }
  }

  private static long overflow(long depth) {
    return depth > 0 ? overflow(depth + 1) + 1 : 0;
  }

  private static void exhaustDirectMemory() {
    List<ByteBuffer> all = new ArrayList<>();
    while (all.size() < 1_000) {
      all.add(ByteBuffer.allocateDirect(8 << 20));
    }
  }

  private static void exhaustHeap() {
    List<long[]> all = new ArrayList<>();
    while (all.size() < 100_000) {
      all.add(new long[1 << 20]);
    }
  }

  private static void exhaustMetaspace() throws Exception {
    byte[] code;
    try (InputStream in = Ending.class.getResourceAsStream("ProcessPool.class")) {
      code = in.readAllBytes();
    }
    List<ClassLoader> all = new ArrayList<>();
    while (all.size() < 1_000_000) {
      all.add(new Defining(code));
    }
  }

  /** Defines one class anew. */
  private static final class Defining extends ClassLoader {
    Defining(byte[] code) {
      super(Ending.class.getClassLoader());
      defineClass(null, code, 0, code.length);
    }
  }

  /** As a native library would that closes what is not its own. */
  private static void closeDescriptor(int fd) throws Exception {
    Field field = FileDescriptor.class.getDeclaredField("fd");
    long offset = (Long) unsafe("objectFieldOffset", field);
    FileDescriptor descriptor = new FileDescriptor();
    unsafe("putInt", descriptor, offset, fd);
    new FileInputStream(descriptor).close();
  }

  private static void closeSocket() throws Exception {
    List<Path> all;
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      all = descriptors.toList();
    }
    for (Path each : all) {
      if (Files.isSymbolicLink(each)
          && Files.readSymbolicLink(each).toString().startsWith("socket:")) {
        closeDescriptor(Integer.parseInt(each.getFileName().toString()));
      }
    }
  }

  private static void signal(String name) throws Exception {
    String pid = Long.toString(ProcessHandle.current().pid());
    new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid).start().waitFor();
    Thread.sleep(60_000);
  }

  private static Object unsafe(String method, Object... arguments) throws Exception {
    Class<?> type = Class.forName("sun.misc.Unsafe");
    Field field = type.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    for (Method each : type.getMethods()) {
      if (each.getName().equals(method) && each.getParameterCount() == arguments.length) {
        return each.invoke(field.get(null), arguments);
      }
    }
    throw new NoSuchMethodException(method);
  }
}
