package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * The packaged command as a process, with all it starts marked by an environment variable, so that
 * nothing of it can be overlooked.
 */
final class Command implements AutoCloseable {

  static final Path ROOT = Path.of(System.getProperty("forkyard.root", "..")).toAbsolutePath();
  static final Path SCRIPT = ROOT.normalize().resolve("forkyard");

  /** The user's are not touched. */
  static final Path CACHES = ROOT.normalize().resolve("master/target/caches");

  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Duration UNTIL_GONE = Duration.ofSeconds(20);

  private final String mark = "FORKYARD_TEST=" + UUID.randomUUID();
  private final Process process;
  private final Collector out;
  private final Collector errors;

  private Command(List<String> words, Path directory) throws IOException {
    List<String> marked = new ArrayList<>(List.of("env"));
    // Clearing the environment must not clear the mark.
    int cleared = words.indexOf("-i");
    marked.addAll(words.subList(0, cleared + 1));
    marked.add(mark);
    marked.add("XDG_CACHE_HOME=" + CACHES);
    marked.addAll(words.subList(cleared + 1, words.size()));
    process = new ProcessBuilder(marked).directory(directory.toFile()).start();
    out = new Collector(process.getInputStream());
    errors = new Collector(process.getErrorStream());
  }

  /** Tells the script that what lies in the build's folder is current. */
  static void markAsBuilt() throws IOException {
    markAsBuilt(ROOT);
  }

  /** The mark is there all the time, since scripts of other tests may look for it meanwhile. */
  static void markAsBuilt(Path root) throws IOException {
    Files.writeString(root.resolve("master/target/launcher/built"), "by Maven\n");
  }

  /** Starts the script with these arguments. */
  static Command start(String... arguments) throws IOException {
    return env(ROOT, Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
  }

  /** Starts what these words say to {@code env}, in a directory. */
  static Command env(Path directory, List<String> words) throws IOException {
    return new Command(words, directory);
  }

  Command input(String text) throws IOException {
    return input(text.getBytes(UTF_8));
  }

  /** Gives it all of its standard input. */
  Command input(byte[] bytes) throws IOException {
    try (OutputStream in = process.getOutputStream()) {
      in.write(bytes);
    } catch (IOException e) {
      // It may end without reading its input.
      if (process.isAlive()) {
        throw e;
      }
    }
    return this;
  }

  OutputStream openInput() {
    return process.getOutputStream();
  }

  void signal(String name) throws IOException, InterruptedException {
    signal(process.pid(), name);
  }

  static void signal(long pid, String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
  }

  /** The exit code, once it has ended and its output was read. */
  int exitCode() throws InterruptedException, TimeoutException {
    if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new TimeoutException("still running; so far on stderr:\n" + errors());
    }
    out.join();
    errors.join();
    return process.exitValue();
  }

  String out() {
    return out.text();
  }

  byte[] outBytes() {
    return out.bytes();
  }

  String errors() {
    return errors.text();
  }

  /** The lines on stderr about single jobs. */
  List<String> jobErrors() {
    return errors().lines().filter(line -> line.startsWith("forkyard: job ")).toList();
  }

  /** Closes the reading end of its standard output. */
  void closeOutput() throws IOException {
    process.getInputStream().close();
  }

  /** The processes alive that it started, however indirectly, whose command has this name. */
  List<ProcessHandle> started(String name) {
    return alive().stream()
        .filter(each -> each.info().command().orElse("").endsWith("/" + name))
        .toList();
  }

  /** The processes alive that it started, however indirectly, with this in their command line. */
  List<ProcessHandle> matching(String words) {
    return alive().stream().filter(each -> commandLine(each).contains(words)).toList();
  }

  static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
    } catch (IOException ended) {
      return "";
    }
  }

  /** Waits until nothing that it started is left. */
  void assertNothingLeft() {
    await().atMost(UNTIL_GONE).until(() -> alive().isEmpty());
  }

  private List<ProcessHandle> alive() {
    return ProcessHandle.allProcesses().filter(this::isMarked).toList();
  }

  private boolean isMarked(ProcessHandle handle) {
    try {
      byte[] environment = Files.readAllBytes(Path.of("/proc/" + handle.pid() + "/environ"));
      return new String(environment, UTF_8).contains(mark);
    } catch (IOException e) {
      // It ended, or is another user's.
      return false;
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    alive().forEach(ProcessHandle::destroyForcibly);
  }

  /** Collects what comes out of a stream. */
  private static final class Collector extends Thread {

    private final InputStream stream;
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

    Collector(InputStream stream) {
      this.stream = stream;
      setDaemon(true);
      start();
    }

    @Override
    public void run() {
      byte[] buffer = new byte[8192];
      try {
        for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
          collected.write(buffer, 0, read);
        }
      } catch (IOException closedByTheTest) {
        // Then nobody wants to know what else would have come.
      }
    }

    byte[] bytes() {
      return collected.toByteArray();
    }

    String text() {
      return collected.toString(UTF_8);
    }
  }
}
