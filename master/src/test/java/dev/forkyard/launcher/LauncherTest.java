package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LauncherTest {

  private final StringWriter out = new StringWriter();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  @ParameterizedTest
  @MethodSource("wrongUses")
  void wrongUseIsOneLineThatNamesItAndExitCodeTwo(String named, String[] arguments) {
    assertThat(execute(arguments)).isEqualTo(2);
    assertThat(errors.toString(UTF_8).lines())
        .singleElement()
        .asString()
        .startsWith("forkyard: ")
        .contains(named)
        .contains("--help");
    assertThat(out.toString()).isEmpty();
  }

  static Stream<Arguments> wrongUses() {
    return Stream.of(
        wrong("a command is missing"),
        wrong("'fly'", "fly"),
        wrong("HANDLER", "run"),
        wrong("--workers must be at least 1, but is 0", "run", "-w", "0", "echo"),
        wrong("--slots must be between 1 and 64, but is 65", "run", "--slots", "65", "echo"),
        wrong("--slots must be between 1 and 64, but is 0", "run", "--slots=0", "echo"),
        wrong("'many'", "run", "-w", "many", "echo"),
        wrong("--retries must be at least 0, but is -1", "run", "--retries=-1", "echo"),
        wrong("'soon' is not a duration", "run", "-t", "soon", "echo"),
        wrong("'0s' must be more than zero", "run", "-t", "0s", "echo"),
        wrong("'lots'", "run", "--master-heap", "lots", "echo"),
        wrong("must begin with -, but is 'Xmx1g'", "run", "-J", "Xmx1g", "echo"),
        wrong("'--fast'", "run", "--fast", "echo"),
        wrong("after --", "run", "echo", "-x"),
        wrong("no handler \"nothing\"", "run", "nothing", "a"),
        wrong("/no/such.jar", "run", "-cp", "/no/such.jar", "x.Handler", "a"));
  }

  @Test
  void versionAndHelpGoToStdout() {
    assertThat(execute("--version")).isZero();
    assertThat(out.toString()).startsWith("forkyard ");
    assertThat(execute("run", "--help")).isZero();
    assertThat(out.toString()).contains("--class-path", "--timeout", "--master-heap");
    assertThat(errors.toString(UTF_8)).isEmpty();
  }

  @Test
  void handlersAreALineEach() {
    assertThat(execute("handlers")).isZero();
    assertThat(out.toString().lines())
        .anyMatch(line -> line.startsWith("echo "))
        .anyMatch(line -> line.startsWith("fault "));
  }

  private int execute(String... arguments) {
    return Launcher.execute(
        arguments, new PrintWriter(out, true), new PrintStream(errors, true, UTF_8));
  }

  private static Arguments wrong(String named, String... arguments) {
    return Arguments.of(named, arguments);
  }
}
