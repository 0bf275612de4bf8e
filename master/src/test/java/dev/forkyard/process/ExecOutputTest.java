package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.failure;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a program that is run to its end has written, however the pipes are read. */
@ParameterizedClass
@EnumSource(Pipes.class)
@Timeout(60)
class ExecOutputTest {

  @Parameter private Pipes pipes;

  @RegisterExtension private final Marked children = new Marked();

  @BeforeEach
  void skipWhatIsNotThere() throws Exception {
    pipes.open().close();
  }

  private ExecOptions.Builder options() {
    return children.exec().pipes(pipes);
  }

  private CompletableFuture<ExecResult> exec(String commandLine, int maxBuffer) {
    return ChildProcess.exec(commandLine, options().maxBuffer(maxBuffer).build());
  }

  @Test
  void outputOfExactlyTheLimitIsNotTooMuch() throws Exception {
    for (int limit : List.of(0, 1, 4_096, 100_000)) {
      ExecResult result =
          get(exec("head -c %1$d /dev/zero; head -c %1$d /dev/zero >&2".formatted(limit), limit));
      assertThat(result.stdoutBytes()).hasSize(limit);
      assertThat(result.stderrBytes()).hasSize(limit);
    }
  }

  @Test
  void oneByteMoreIsTooMuchAndTheFirstAreKept() throws Exception {
    for (int limit : List.of(0, 1, 4_096, 100_000)) {
      for (String to : List.of("", " >&2")) {
        String program = "head -c %d /dev/zero%s".formatted(limit + 1, to);
        ExecException failure = failure(exec(program, limit));
        assertThat(failure.maxBufferExceeded()).isTrue();
        assertThat(failure.stdoutCut()).isEqualTo(to.isEmpty());
        assertThat(failure.stderrCut()).isEqualTo(!to.isEmpty());
        assertThat(failure.timedOut()).isFalse();
        ExecResult result = failure.result();
        assertThat(to.isEmpty() ? result.stdoutBytes() : result.stderrBytes()).hasSize(limit);
        assertThat(to.isEmpty() ? result.stderrBytes() : result.stdoutBytes()).isEmpty();
        assertThat(failure)
            .hasMessageContaining("maxBuffer (" + limit + " bytes)")
            .hasMessageContaining(to.isEmpty() ? "stdout" : "stderr");
      }
    }
  }

  @Test
  void aProgramThatWritesTooMuchIsKilled() throws Exception {
    ExecException failure = failure(exec("echo start; yes", 10));
    assertThat(failure.result().stdout()).isEqualTo("start\ny\ny\n");
    assertThat(failure.result().exitCode()).isEmpty();
    assertThat(failure.result().signal()).hasValue("SIGTERM");
    assertThat(failure.forced()).isFalse();
  }

  @Test
  void anInterleavedOutputHasNoMoreThanWhatIsKept() throws Exception {
    ExecOptions options = options().maxBuffer(10).interleaved().build();
    ExecException failure = failure(ChildProcess.exec("echo error >&2; exec yes", options));
    assertThat(failure.result().allBytes()).hasSize(16);
  }

  @Test
  void anInterleavedOutputHasBothAndEachInItsOrder() throws Exception {
    ExecOptions options = options().interleaved().build();
    ExecResult result = get(ChildProcess.exec("echo one; echo two >&2; echo three", options));
    assertThat(result.all().lines())
        .containsExactlyInAnyOrder("one", "two", "three")
        .containsSubsequence("one", "three");
    assertThat(result.stdout()).isEqualTo("one\nthree\n");
    assertThat(result.stderr()).isEqualTo("two\n");
  }

  @Test
  void aCutNeverShowsHalfACharacter() throws Exception {
    for (Charset charset : List.of(UTF_8, UTF_16BE)) {
      String text = "aé€🦊z";
      byte[] bytes = text.getBytes(charset);
      for (int limit = 0; limit < bytes.length; limit++) {
        ExecOptions options = options().charset(charset).input(text).maxBuffer(limit).build();
        ExecResult result = failure(ChildProcess.execFile(List.of("cat"), options)).result();
        assertThat(result.stdoutBytes()).isEqualTo(Arrays.copyOf(bytes, limit));
        assertThat(result.stdout()).isEqualTo(wholeCharacters(text, charset, limit));
      }
    }
  }

  /** As many characters, of one code point each, as fit into so many bytes. */
  private static String wholeCharacters(String text, Charset charset, int limit) {
    String whole = text;
    while (whole.getBytes(charset).length > limit) {
      whole = whole.substring(0, whole.offsetByCodePoints(whole.length(), -1));
    }
    return whole;
  }

  @Test
  void charactersAcrossTheReadsAreWhole() throws Exception {
    // Of three bytes each, so that no power of two is between two of them.
    String text = "€".repeat(300_000);
    ExecOptions options = options().input(text).build();
    assertThat(get(ChildProcess.execFile(List.of("cat"), options)).stdout()).isEqualTo(text);
  }

  @Test
  void fiftyMegabytesWrittenJustBeforeTheExitAllArrive() throws Exception {
    ExecResult result = get(exec("exec head -c 52428800 /dev/zero", 64 << 20));
    assertThat(result.stdoutBytes()).hasSize(50 << 20);
  }

  @Test
  void tenMegabytesThroughCatComeBackAsTheyWere() throws Exception {
    byte[] bytes = new byte[10 << 20];
    new Random(1).nextBytes(bytes);
    ExecOptions options = options().input(bytes).maxBuffer(bytes.length).build();
    assertThat(get(ChildProcess.execFile(List.of("cat"), options)).stdoutBytes()).isEqualTo(bytes);
  }

  @Test
  void whatIsLeftBehindWithTheOutputHoldsNothingUp() throws Exception {
    ExecResult result = get(exec("echo out; sleep 1000 &", 100));
    assertThat(result.stdout()).isEqualTo("out\n");
    await().atMost(LIMIT).until(() -> children.alive("sleep 1000").size() == 1);
    children.killAll();
  }

  @Test
  void whatIsLeftBehindAndWritesOnHoldsNothingUpAndHasNoReader(@TempDir Path directory)
      throws Exception {
    String program =
        """
        (trap '' HUP; echo y; echo y; : >%1$s; exec yes) &
        while [ ! -e %1$s ]; do sleep 0.01; done
        """;
    Path written = directory.resolve("written");
    ExecResult result = get(exec(program.formatted(written), Integer.MAX_VALUE));
    assertThat(result.stdout()).startsWith("y\ny\n");
    // It ends by itself, from writing to a pipe that is closed.
    children.awaitNoneLeft();
  }
}
