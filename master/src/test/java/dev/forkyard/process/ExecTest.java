package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.failure;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.process.ProcessStartException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Programs that are run to their end: what they are given, and how they start and end. */
@Timeout(60)
class ExecTest {

  @RegisterExtension private final Marked children = new Marked();

  @TempDir private Path directory;

  @Test
  void aProgramThatEndsWellGivesItsOutput() throws Exception {
    ExecResult result = get(children.exec("echo out; echo err >&2"));
    assertThat(result.exitCode()).hasValue(0);
    assertThat(result.signal()).isEmpty();
    assertThat(result.stdout()).isEqualTo("out\n");
    assertThat(result.stderr()).isEqualTo("err\n");
    assertThat(result.stdoutBytes()).isEqualTo("out\n".getBytes(UTF_8));
    assertThat(result.stderrBytes()).isEqualTo("err\n".getBytes(UTF_8));
    assertThat(result.duration()).isPositive();
    assertThat(result.command()).contains("echo out; echo err >&2");
    assertThatThrownBy(result::all).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aResultIsNotChangedByWhoeverReadsItsBytes() throws Exception {
    ExecResult result = get(children.exec("echo out"));
    result.stdoutBytes()[0] = 'x';
    assertThat(result.stdout()).isEqualTo("out\n");
  }

  @Test
  void aProgramThatExitsWith3FailsWithItsCodeAndOutput() throws Exception {
    ExecException failure = failure(children.exec("echo out; echo err >&2; exit 3"));
    assertThat(failure.result().exitCode()).hasValue(3);
    assertThat(failure.result().signal()).isEmpty();
    assertThat(failure.result().stdout()).isEqualTo("out\n");
    assertThat(failure.result().stderr()).isEqualTo("err\n");
    assertThat(failure)
        .hasMessageContaining("echo out")
        .hasMessageContaining("exited with code 3")
        .hasMessageContaining("err");
    assertThat(failure.timedOut()).isFalse();
    assertThat(failure.canceled()).isFalse();
    assertThat(failure.forced()).isFalse();
    assertThat(failure.maxBufferExceeded()).isFalse();
  }

  @Test
  void aProgramThatASignalEndsHasNoExitCode() throws Exception {
    ExecException failure = failure(children.exec("kill -USR1 $$"));
    assertThat(failure.result().exitCode()).isEmpty();
    assertThat(failure.result().signal()).hasValue("SIGUSR1");
    assertThat(failure.forced()).isFalse();
  }

  @Test
  void aMissingProgramIsNotFoundAndTheErrorNamesIt() throws Exception {
    for (String missing : List.of("forkyard-no-such-program", "/no/such/program", "./missing")) {
      ExecException failure =
          failure(ChildProcess.execFile(List.of(missing, "argument"), children.exec().build()));
      assertNotStarted(failure, Reason.NOT_FOUND);
      assertThat(failure).hasMessageContaining(missing + " argument");
    }
  }

  @Test
  void aMissingDirectoryIsNamed() throws Exception {
    Path missing = directory.resolve("missing");
    ExecOptions options = children.exec().directory(missing).build();
    ExecException failure = failure(ChildProcess.exec("true", options));
    assertNotStarted(failure, Reason.NO_DIRECTORY);
    assertThat(failure).hasMessageContaining(missing.toString());
  }

  @Test
  void aFileIsNoDirectory() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    ExecOptions options = children.exec().directory(file).build();
    assertNotStarted(failure(ChildProcess.exec("true", options)), Reason.NO_DIRECTORY);
  }

  @Test
  void whatCanNotBeExecutedIsNotStarted() throws Exception {
    Path plain = Files.writeString(directory.resolve("plain"), "text");
    for (Path program : List.of(plain, directory)) {
      ExecException failure =
          failure(ChildProcess.execFile(List.of(program.toString()), children.exec().build()));
      assertNotStarted(failure, Reason.NOT_EXECUTABLE);
      assertThat(failure).hasMessageContaining(program.toString());
    }
  }

  @Test
  void aCommandThatIsTooLongIsRefusedByTheSystem() throws Exception {
    ExecException failure =
        failure(
            ChildProcess.execFile(List.of("echo", "x".repeat(200_000)), children.exec().build()));
    assertNotStarted(failure, Reason.REFUSED);
    assertThat(failure.getMessage().length()).isLessThan(2_000);
  }

  private static void assertNotStarted(ExecException failure, Reason reason) {
    assertThat(failure.getCause())
        .isInstanceOfSatisfying(
            ProcessStartException.class, cause -> assertThat(cause.reason()).isEqualTo(reason));
    assertThat(failure.result().exitCode()).isEmpty();
    assertThat(failure.result().signal()).isEmpty();
    assertThat(failure.result().stdout()).isEmpty();
    assertThat(failure.timedOut()).isFalse();
  }

  @Test
  void aProgramWithASlashIsRelativeToTheDirectory() throws Exception {
    program(directory.resolve("here"), "echo found");
    ExecOptions options = children.exec().directory(directory).build();
    assertThat(get(ChildProcess.execFile(List.of("./here"), options)).stdout())
        .isEqualTo("found\n");
  }

  @Test
  void thePathOfTheChildsOwnEnvironmentCounts() throws Exception {
    Path bin = Files.createDirectory(directory.resolve("bin"));
    program(bin.resolve("forkyard-test-program"), "echo found");
    List<String> command = List.of("forkyard-test-program");
    assertNotStarted(
        failure(ChildProcess.execFile(command, children.exec().build())), Reason.NOT_FOUND);
    ExecOptions options =
        children.exec().environment("PATH", bin + ":" + System.getenv("PATH")).build();
    assertThat(get(ChildProcess.execFile(command, options)).stdout()).isEqualTo("found\n");
    ExecOptions elsewhere = children.exec().environment("PATH", "/nowhere").build();
    assertNotStarted(failure(ChildProcess.execFile(List.of("ls"), elsewhere)), Reason.NOT_FOUND);
  }

  @Test
  void whatIsRelativeOnThePathIsRelativeToTheDirectory() throws Exception {
    Path bin = Files.createDirectory(directory.resolve("bin"));
    program(bin.resolve("forkyard-test-program"), "echo found");
    program(directory.resolve("forkyard-other-program"), "echo other");
    ExecOptions options =
        children.exec().directory(directory).environment("PATH", "bin:/usr/bin:/bin:").build();
    assertThat(get(ChildProcess.execFile(List.of("forkyard-test-program"), options)).stdout())
        .isEqualTo("found\n");
    // The empty name behind the last colon is the directory itself.
    assertThat(get(ChildProcess.execFile(List.of("forkyard-other-program"), options)).stdout())
        .isEqualTo("other\n");
  }

  private static void program(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void argumentsArriveAsTheyAre() throws Exception {
    List<String> arguments =
        List.of("", " ", "$HOME", "a b", "'", "\"", "*", "\\", "line\nfeed", "é🦊", "-n", "--");
    List<String> command = new ArrayList<>(List.of("printf", "[%s]"));
    command.addAll(arguments);
    assertThat(get(ChildProcess.execFile(command, children.exec().build())).stdout())
        .isEqualTo("[" + String.join("][", arguments) + "]");
  }

  @Test
  void variablesAreAddedReplacedAndRemoved() throws Exception {
    ExecOptions options =
        children
            .exec()
            .environment(Map.of("FORKYARD_ADDED", "new value", "FORKYARD_EMPTY", ""))
            .environment("HOME", null)
            .build();
    ExecResult result = get(ChildProcess.execFile(List.of("env"), options));
    assertThat(result.stdout().lines())
        .contains("FORKYARD_ADDED=new value", "FORKYARD_EMPTY=")
        .anyMatch(line -> line.startsWith("PATH="))
        .noneMatch(line -> line.startsWith("HOME="));
  }

  @Test
  void aCleanEnvironmentHasNothingThatWasNotGiven() throws Exception {
    ExecOptions options =
        ExecOptions.builder()
            .environment("FORKYARD_ONE", "1")
            .cleanEnvironment()
            .environment(Marked.VARIABLE, children.mark())
            .build();
    ExecResult result = get(ChildProcess.execFile(List.of("env"), options));
    assertThat(result.stdout().lines())
        .containsExactlyInAnyOrder("FORKYARD_ONE=1", Marked.VARIABLE + "=" + children.mark());
  }

  @Test
  void theDirectoryIsWhereItRuns() throws Exception {
    ExecOptions options = children.exec().directory(directory).build();
    assertThat(get(ChildProcess.exec("pwd -P", options)).stdout().strip())
        .isEqualTo(directory.toRealPath().toString());
  }

  @Test
  void inputIsBytesTextInTheCharsetOrAFile() throws Exception {
    byte[] bytes = {0, 1, (byte) 0xFF, '\n'};
    assertThat(get(cat(children.exec().input(bytes))).stdoutBytes()).isEqualTo(bytes);
    assertThat(get(cat(children.exec().input("é🦊"))).stdoutBytes())
        .isEqualTo("é🦊".getBytes(UTF_8));
    assertThat(get(cat(children.exec().input("é").charset(UTF_16LE))).stdoutBytes())
        .isEqualTo("é".getBytes(UTF_16LE));
    Path file = Files.write(directory.resolve("input"), bytes);
    assertThat(get(cat(children.exec().input(file))).stdoutBytes()).isEqualTo(bytes);
    // The last one counts.
    assertThat(get(cat(children.exec().input(file).input(""))).stdout()).isEmpty();
    assertThat(get(cat(children.exec().input("text").input(file))).stdoutBytes()).isEqualTo(bytes);
    assertThat(get(cat(children.exec())).stdout()).isEmpty();
  }

  private static CompletableFuture<ExecResult> cat(ExecOptions.Builder options) {
    return ChildProcess.execFile(List.of("cat"), options.build());
  }

  @Test
  void aFileThatCanNotBeReadIsRefusedBeforeAnythingStarts() {
    for (Path bad : List.of(directory.resolve("missing"), directory)) {
      assertThatThrownBy(() -> cat(children.exec().input(bad)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(bad.toString());
    }
  }

  @Test
  void aProgramNeedNotReadItsInput() throws Exception {
    ExecOptions options = children.exec().input(new byte[10 << 20]).build();
    assertThat(get(ChildProcess.exec("echo done", options)).stdout()).isEqualTo("done\n");
  }

  @Test
  void outputIsReadInTheCharset() throws Exception {
    ExecOptions options = children.exec().charset(ISO_8859_1).build();
    assertThat(get(ChildProcess.exec("printf '\\351'", options)).stdout()).isEqualTo("é");
  }

  @Test
  void theShellKnowsPipesAndVariables() throws Exception {
    assertThat(
            get(children.exec("word=two; printf '1\\n2\\n' | wc -l | tr -d ' '; echo $word"))
                .stdout())
        .isEqualTo("2\ntwo\n");
  }

  @Test
  void nulIsRefusedBeforeAnythingStarts() {
    assertRefused("NUL", () -> ChildProcess.exec("echo a\0b"));
    assertRefused("NUL", () -> ChildProcess.execFile(List.of("ec\0ho")));
    assertRefused("NUL", () -> ChildProcess.execFile(List.of("echo", "a\0b")));
    assertRefused("NUL", () -> ExecOptions.builder().environment("A\0B", "value"));
    assertRefused("NUL", () -> ExecOptions.builder().environment("NAME", "a\0b"));
    assertRefused("NUL", () -> ExecOptions.builder().environment(Map.of("NAME", "a\0b")));
    assertRefused("Nul", () -> ExecOptions.builder().directory(Path.of("a\0b")));
  }

  @Test
  void whatCanNotBeIsRefusedWithItsNameAndValue() {
    assertRefused("empty", () -> ChildProcess.execFile(List.of()));
    assertRefused("empty", () -> ChildProcess.execFile(List.of("", "argument")));
    assertRefused("A=B", () -> ExecOptions.builder().environment("A=B", "value"));
    assertRefused("\"\"", () -> ExecOptions.builder().environment("", "value"));
    assertRefused("PT0S", () -> ExecOptions.builder().timeout(Duration.ZERO));
    assertRefused("PT-1S", () -> ExecOptions.builder().timeout(Duration.ofSeconds(-1)));
    assertRefused("PT-1S", () -> ExecOptions.builder().killGrace(Duration.ofSeconds(-1)));
    assertRefused("-1", () -> ExecOptions.builder().maxBuffer(-1));
    assertRefused("SIGNONE", () -> ExecOptions.builder().killSignal("SIGNONE"));
  }

  private static void assertRefused(String naming, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(naming);
  }

  @Test
  void aProgramMayLeaveOthersBehind() throws Exception {
    ExecResult result = get(children.exec("sleep 1000 >/dev/null 2>&1 & echo $!"));
    long left = Long.parseLong(result.stdout().strip());
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(children.alive("sleep 1000"))
                    .map(ProcessHandle::pid)
                    .containsExactly(left));
    children.killAll();
  }
}
