package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.forkyard.process.ForkOptions;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.worker.SerializableCallable;
import dev.forkyard.worker.WorkerMain;
import java.io.IOException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Class paths that can't start workers are told as that, before any is started where possible. */
@Timeout(90)
public class ClassPathCheckTest {

  @TempDir private Path directory;

  private static Path source(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** What a worker needs, in directories or jars. */
  private static List<Path> needed() throws Exception {
    return List.of(
        source(WorkerMain.class), source(FrameCodec.class), source(ClassPathCheckTest.class));
  }

  @Test
  void aClassPathOfTheSameFilesAndOneOfCopiesWillDo() throws Exception {
    assertThat(ClassPathCheck.problem(ForkOptions.ownClassPath(), false)).isNull();
    assertThat(ClassPathCheck.problem(needed(), true)).isNull();
    List<Path> copies = new ArrayList<>();
    for (Path each : needed().subList(0, 2)) {
      copies.add(jar(directory.resolve(copies.size() + ".jar"), each, null));
    }
    assertThat(ClassPathCheck.problem(copies, true)).isNull();
    // A jar may name others.
    Path naming = jar(directory.resolve("naming.jar"), null, "0.jar 1.jar");
    assertThat(ClassPathCheck.problem(List.of(naming), false)).isNull();
  }

  @Test
  void aClassPathWithoutTheWorkerIsRefusedBeforeAnythingIsStarted() throws Exception {
    Path useless = jar(directory.resolve("useless.jar"), null, null);
    assertThatThrownBy(() -> ProcessPool.builder().name("lost").classPath(List.of(useless)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "pool lost can't start workers with its class path: forkyard-worker and"
                + " forkyard-protocol are not on it, which has 1 entries ("
                + useless
                + "); add them");
    assertThat(ClassPathCheck.problem(List.of(useless), false))
        .contains("this program's own came by another class loader, from file:")
        .endsWith("so name the workers' class path by classPath(...)");
  }

  @Test
  void forkyardOfAnotherBuildIsRefusedWithTheClassThatDiffers() throws Exception {
    List<Path> others = new ArrayList<>();
    for (Path each : needed().subList(0, 2)) {
      others.add(jar(directory.resolve("other-" + others.size() + ".jar"), each, null));
    }
    Path changed = directory.resolve("changed");
    Path scoreboard = changed.resolve("dev/forkyard/protocol/Scoreboard.class");
    Files.createDirectories(scoreboard.getParent());
    Files.write(scoreboard, new byte[] {1, 2, 3});
    others.add(0, changed);
    assertThat(ClassPathCheck.problem(others, true))
        .contains("forkyard of another build is on it")
        .contains("Scoreboard.class in file:" + changed)
        .contains("use the same version");
    try (ProcessPool pool = ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).build()) {
      assertThatThrownBy(() -> pool.reload(others, List.of()).get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(ReloadFailedException.class)
          .hasMessageContaining("was not reloaded")
          .hasMessageContaining("forkyard of another build");
      assertThat(pool.submit(ProcessPoolTest.Obey.class, "a").join()).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jar:nested:/srv/app.jar/!BOOT-INF/lib/forkyard-worker.jar!/",
        "jar:file:/srv/app.jar!/BOOT-INF/lib/forkyard-worker.jar!/",
        "jar:file:/srv/app.jar!/BOOT-INF/lib/forkyard-worker.jar",
        "nested:/srv/app.jar/!BOOT-INF/lib/forkyard-worker.jar"
      })
  void aJarInAJarIsToldWithTheWayOut(String location) throws Exception {
    List<Path> app = List.of(Path.of("/srv/app.jar"));
    assertThat(ClassPathCheck.problem(app, false, location, location))
        .contains("inside of an application's jar (" + location + ")")
        .contains("java -Djarmode=tools -jar app.jar extract")
        .endsWith("name the workers' class path by classPath(...)");
    // Whoever names another one has heeded that.
    String file = new URI("file", null, source(WorkerMain.class).toString(), null).toString();
    assertThat(ClassPathCheck.problem(needed(), true, location, file)).isNull();
  }

  /** Has a pool. */
  public static final class Application {

    private Application() {}

    /** Tells why it has none. */
    public static void main(String[] args) {
      try {
        ProcessPool.builder().name("inside").build().close();
      } catch (IllegalArgumentException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  /** Runs an application whose jars lie in its own, as launchers of such do. */
  static final class Launcher {

    private Launcher() {}

    public static void main(String[] args) throws Exception {
      ClassLoader loader = new NestedLoader(Path.of(System.getProperty("java.class.path")));
      loader
          .loadClass(args[0])
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[0]);
    }
  }

  @Test
  void aProgramInNestedJarsIsToldInsteadOfWorkersThatDoNotStart() throws Exception {
    Path app = directory.resolve("app.jar");
    List<Path> inside = new ArrayList<>();
    for (Path each : needed()) {
      inside.add(jar(directory.resolve("in-" + inside.size() + ".jar"), each, null));
    }
    inside.add(jar(directory.resolve("in-pool.jar"), source(ProcessPool.class), null));
    for (Path each : ForkOptions.ownClassPath()) {
      String name = each.getFileName().toString();
      if (name.endsWith(".jar") && name.matches("(netty|slf4j-api|HdrHistogram|jspecify).*")) {
        inside.add(each);
      }
    }
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(app))) {
      for (Path each : inside) {
        put(out, "BOOT-INF/lib/" + each.getFileName(), Files.readAllBytes(each));
      }
      for (Class<?> type : List.of(Launcher.class, NestedLoader.class)) {
        String name = type.getName().replace('.', '/') + ".class";
        try (var in = type.getClassLoader().getResourceAsStream(name)) {
          put(out, name, in.readAllBytes());
        }
      }
    }
    Path output = directory.resolve("output");
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                app.toString(),
                Launcher.class.getName(),
                Application.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(output))
        .startsWith("pool inside can't start workers with this program's class path: ")
        .contains("forkyard-worker lies inside of an application's jar (jar:file:" + app)
        .contains("classPath(...)");
  }

  private static void put(JarOutputStream out, String name, byte[] bytes) throws IOException {
    out.putNextEntry(new JarEntry(name));
    out.write(bytes);
    out.closeEntry();
  }

  /** Of the classes in a directory or a jar, or of none. */
  private static Path jar(Path jar, Path content, String classPath) throws IOException {
    if (content != null && Files.isRegularFile(content)) {
      return Files.copy(content, jar);
    }
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    if (classPath != null) {
      manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
    }
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        Stream<Path> files = content == null ? Stream.empty() : Files.walk(content)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = content.relativize(file).toString();
        if (!name.equals("META-INF/MANIFEST.MF")) {
          put(out, name, Files.readAllBytes(file));
        }
      }
    }
    return jar;
  }

  @Test
  void aClassThatTheWorkersLackIsNamedWithWhereItWasLookedFor() throws Exception {
    List<Path> without = needed().subList(0, 2);
    try (ProcessPool pool =
        ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).classPath(without).build()) {
      String told = " on the worker's class path, which has 2 entries (" + without.get(0);
      assertThatThrownBy(() -> pool.submit(ProcessPoolTest.Obey.class, "a").join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("no class " + ProcessPoolTest.Obey.class.getName() + told)
          .hasMessageContaining("by classPath(...) of the pool's builder or --class-path");
      SerializableCallable<Integer> lambda = () -> 1;
      assertThatThrownBy(() -> pool.submit(lambda).join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("no class " + getClass().getName() + told);
    }
  }

  /** Greets as a worker of another version. */
  static final class OldWorker {

    private OldWorker() {}

    public static void main(String[] args) throws Exception {
      String[] told = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\n", 3);
      Frame.Hello hello =
          new Frame.Hello(
              FrameCodec.VERSION + 1,
              HexFormat.of().parseHex(told[0]),
              Long.parseLong(args[args.length - 2]),
              ProcessHandle.current().pid(),
              "17",
              1 << 20,
              0);
      ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.sizeOf(hello));
      FrameCodec.write(hello, bytes);
      String socket = told[1].substring("unix:".length());
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        channel.write(bytes.flip());
        // Until it is closed.
        channel.read(ByteBuffer.allocate(1));
      }
      System.exit(1);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aWorkerOfAnotherVersionIsToldAsThat() throws Exception {
    Path java = Files.createDirectories(directory.resolve("bin")).resolve("java");
    String real = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = System.getProperty("java.class.path");
    Files.writeString(
        java,
        "#!/bin/sh\nexec '%s' -cp '%s' '%s' \"$@\"\n"
            .formatted(real, path, OldWorker.class.getName()));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    try (ProcessPool pool =
        ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).javaHome(directory).build()) {
      assertThatThrownBy(
              () -> pool.submit(ProcessPoolTest.Obey.class, "a").get(40, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("speaks version " + (FrameCodec.VERSION + 1) + " of the protocol")
          .hasMessageContaining("this program speaks version " + FrameCodec.VERSION)
          .hasMessageContaining("put the same version of Forkyard on both class paths");
    }
  }
}
