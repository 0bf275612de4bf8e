package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing outlives the master, however it ends. */
class NoOrphansIT {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Pattern GUARDED = Pattern.compile("forkyard-guard (/\\S+)");

  @TempDir private Path directory;

  /** What Maven has just packaged is current, so the script need not build it again. */
  @BeforeAll
  static void markAsBuilt() throws IOException {
    Command.markAsBuilt();
  }

  @ParameterizedTest
  @ValueSource(strings = {"spin", "spin-counted", "stop", "grandchild 1000", "idle"})
  void aMasterThatIsKilledLeavesNothing(String job) throws Exception {
    try (Command run = Command.start("run", "-w", "2", "fault");
        OutputStream in = run.openInput()) {
      in.write("one\n".getBytes(UTF_8));
      if (!job.equals("idle")) {
        in.write((job + "\n" + job + "\n").getBytes(UTF_8));
      }
      in.flush();
      await().atMost(LIMIT).until(() -> run.out().equals("one\n"));
      int busy = job.equals("idle") ? 0 : 2;
      await().atMost(LIMIT).until(() -> atWork(run, job) >= busy);
      Path sockets = socketDirectory(run);
      assertThat(sockets).isDirectory();

      run.signal("KILL");
      run.assertNothingLeft();
      await().atMost(LIMIT).until(() -> Files.notExists(sockets));
      assertThat(sharedMemory(sockets)).isEmpty();
    }
  }

  @Test
  void whatTheMasterAndItsGuardLeftBehindTheNextStartRemoves() throws Exception {
    Path sockets;
    try (Command run = startHere("run", "-w", "1", "fault", "one", "spin")) {
      await().atMost(LIMIT).until(() -> run.out().equals("one\n"));
      sockets = socketDirectory(run);
      // A stopped master can't replace its guard.
      run.signal("STOP");
      for (ProcessHandle guard : run.matching("forkyard-guard")) {
        Command.signal(guard.pid(), "KILL");
      }
      run.signal("KILL");
      run.assertNothingLeft();
    }
    assertThat(sockets).isDirectory();
    try (Command run = startHere("run", "echo", "a")) {
      assertThat(run.exitCode()).isZero();
    }
    assertThat(sockets).doesNotExist();
  }

  /** With its sockets in a place of this test's own, where no other start removes what is left. */
  private Command startHere(String... arguments) throws IOException {
    List<String> words =
        new ArrayList<>(List.of("XDG_RUNTIME_DIR=" + directory, Command.SCRIPT.toString()));
    words.addAll(List.of(arguments));
    return Command.env(directory, words);
  }

  @Test
  void aLongDirectoryForTemporaryFilesIsNoMatter() throws Exception {
    Path deep = Files.createDirectories(directory.resolve("long/".repeat(40)));
    String script = Command.SCRIPT.toString();
    List<String> words =
        List.of("TMPDIR=" + deep, "XDG_RUNTIME_DIR=" + deep, script, "run", "echo", "a");
    try (Command run = Command.env(directory, words)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo("a\n");
    }
  }

  @Test
  void controlCInATerminalReachesTheMasterAlone() throws Exception {
    assumeThat(Path.of("/usr/bin/script")).as("the program that makes a terminal").exists();
    String command = Command.SCRIPT + " run -q fault 'grandchild 1000'";
    // Whoever runs the tests may ignore the signal, which children inherit.
    List<String> words =
        List.of("env", "--default-signal=INT", "script", "-qefc", command, "/dev/null");
    try (Command run = Command.env(directory, words);
        OutputStream terminal = run.openInput()) {
      await().atMost(LIMIT).until(() -> !run.started("sleep").isEmpty());
      terminal.write(3);
      terminal.flush();
      assertThat(run.exitCode()).as(run.out()).isEqualTo(130);
      assertThat(run.out()).doesNotContain("\tat ").doesNotContain("lost").doesNotContain("killed");
      run.assertNothingLeft();
    }
  }

  /** How many workers do what the job is to make them do. */
  private static long atWork(Command run, String job) {
    if (job.startsWith("grandchild")) {
      return run.started("sleep").size();
    }
    long count = 0;
    for (ProcessHandle worker : run.matching("dev.forkyard.worker.WorkerMain")) {
      count += job.equals("stop") ? stopped(worker) : spinning(worker);
    }
    return count;
  }

  private static int stopped(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return stat.substring(stat.lastIndexOf(')')).startsWith(") T") ? 1 : 0;
    } catch (IOException ended) {
      return 0;
    }
  }

  private static int spinning(ProcessHandle process) {
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
      for (Path thread : threads.toList()) {
        if (Files.readString(thread.resolve("comm")).startsWith("forkyard-job")
            && Files.readString(thread.resolve("stat")).contains(") R ")) {
          return 1;
        }
      }
      return 0;
    } catch (IOException | UncheckedIOException ended) {
      // It or one of its threads, between the list and the look.
      return 0;
    }
  }

  private static Path socketDirectory(Command run) {
    List<Path> found = new ArrayList<>();
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              for (ProcessHandle guard : run.matching("forkyard-guard")) {
                Matcher directory = GUARDED.matcher(Command.commandLine(guard));
                if (directory.find()) {
                  found.add(Path.of(directory.group(1)));
                }
              }
              return !found.isEmpty();
            });
    return found.get(0);
  }

  private static List<Path> sharedMemory(Path sockets) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/dev/shm"))) {
      return files.filter(file -> file.toString().contains(sockets.getFileName() + "-")).toList();
    }
  }
}
