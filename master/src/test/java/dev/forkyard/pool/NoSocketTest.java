package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A pool whose socket can't be made, in a program of its own, of which all can then be seen. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class NoSocketTest {

  @TempDir private Path directory;

  /** Tries to make a pool, and waits until nothing of it is left. */
  public static final class Program {

    private Program() {}

    /** Prints why it failed, and what it left behind. */
    public static void main(String[] args) throws Exception {
      List<Thread> hooks = hooks();
      try {
        ProcessPool.builder().name("none").workers(2).build();
        System.out.println("it was made");
      } catch (Throwable why) {
        System.out.println("failed: " + why);
      }
      // Its first workers were launched before, and wait for the address.
      await().until(() -> ProcessHandle.current().descendants().findAny().isEmpty());
      await().until(() -> threads().isEmpty());
      List<Thread> more = hooks();
      more.removeAll(hooks);
      System.out.println("hooks: " + more + ", directories: " + directories());
    }

    private static List<String> threads() {
      return Thread.getAllStackTraces().keySet().stream()
          .map(Thread::getName)
          .filter(name -> name.startsWith("none-") || name.startsWith("forkyard-loop"))
          .toList();
    }

    @SuppressWarnings("unchecked") // that is what it is
    private static List<Thread> hooks() throws Exception {
      Field hooks = Class.forName("java.lang.ApplicationShutdownHooks").getDeclaredField("hooks");
      hooks.setAccessible(true);
      return new ArrayList<>(((Map<Thread, Thread>) hooks.get(null)).keySet());
    }

    private static List<Path> directories() throws IOException {
      String own = "forkyard-" + ProcessHandle.current().pid() + "-";
      List<Path> found = new ArrayList<>();
      for (Path place : List.of(Path.of("/tmp"), Path.of("/dev/shm"))) {
        try (Stream<Path> files = Files.list(place)) {
          files.filter(file -> file.getFileName().toString().startsWith(own)).forEach(found::add);
        }
      }
      return found;
    }
  }

  @Test
  void leavesNeitherWorkerNorThreadNorHookNorDirectoryBehind() throws Exception {
    // No class at all, where Netty has the one by which sockets are made.
    Path broken = directory.resolve("io/netty/bootstrap/ServerBootstrap.class");
    Files.createDirectories(broken.getParent());
    Files.writeString(broken, "no class");
    Path output = directory.resolve("output");
    ProcessBuilder program =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-cp",
            directory + File.pathSeparator + System.getProperty("java.class.path"),
            Program.class.getName());
    program.environment().remove("XDG_RUNTIME_DIR");
    Process process = program.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
    assertThat(Files.readString(output))
        .contains("failed: java.lang.ClassFormatError")
        .endsWith("hooks: [], directories: []\n");
    assertThat(process.exitValue()).isZero();
  }
}
