package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class PlainArgumentsTest {

  /** Needs picocli's care: it may be repeated, and its value begins with -. */
  private static final Set<String> LEFT_TO_PICOCLI = Set.of("-J");

  @ParameterizedTest
  @MethodSource("plain")
  void whatIsPlainIsReadAsPicocliReadsIt(List<String> arguments) {
    RunArguments read = PlainArguments.read(withRun(arguments));
    assertThat(read).isNotNull();
    assertThat(read).usingRecursiveComparison().isEqualTo(byPicocli(arguments));
  }

  static Stream<List<String>> plain() {
    return Stream.of(
        List.of("echo"),
        List.of("echo", "hi", "", "@x", "two words"),
        List.of("-q", "echo", "hi"),
        List.of("echo", "--unordered", "hi", "-w", "3", "more"),
        List.of("echo", "--", "-q", "--", "-w"),
        List.of("--", "echo"),
        List.of("-w", "+2", "--timeout", "1.5s", "-r", "007", "--json", "--verbose", "-0", "x"),
        List.of("-cp", "a.jar:b.jar", "--master-heap", "64m", "com.acme.Handler"));
  }

  @Test
  void everyOptionIsReadByBothOfItsNamesAsPicocliReadsIt() {
    Set<String> tried = new HashSet<>();
    for (OptionSpec option : picocli(new RunArguments()).getCommandSpec().options()) {
      if (!option.usageHelp() && !option.versionHelp() && !isLeft(option)) {
        for (String name : option.names()) {
          List<String> arguments =
              option.arity().max() == 0
                  ? List.of(name, "echo")
                  : List.of(name, option.type() == int.class ? "7" : "9s", "echo");
          whatIsPlainIsReadAsPicocliReadsIt(arguments);
          tried.add(name);
        }
      }
    }
    assertThat(tried).contains("-w", "--workers", "--json", "--master-heap").hasSizeGreaterThan(14);
  }

  private static boolean isLeft(OptionSpec option) {
    return Arrays.stream(option.names()).anyMatch(LEFT_TO_PICOCLI::contains);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "handlers",
        "run",
        "run -q",
        "run --help",
        "run echo --version",
        "run -q echo -q",
        "run -q echo --quiet",
        "run -w 1 --workers 2 echo",
        "run -w many echo",
        "run -w",
        "run echo -w",
        "run -w -1 echo",
        "run -w2 echo",
        "run --workers=2 echo",
        "run -q0 echo",
        "run -t soon echo",
        "run -J -Xmx1g echo",
        "run - echo",
        "run --fast echo"
      })
  void whatPicocliAloneUnderstandsOrRefusesIsLeftToIt(String line) {
    assertThat(PlainArguments.read(line.split(" "))).isNull();
  }

  @Test
  void noArgumentsAreLeftToPicocli() {
    assertThat(PlainArguments.read()).isNull();
  }

  private static String[] withRun(List<String> arguments) {
    return Stream.concat(Stream.of("run"), arguments.stream()).toArray(String[]::new);
  }

  private static RunArguments byPicocli(List<String> arguments) {
    RunArguments read = new RunArguments();
    picocli(read).parseArgs(arguments.toArray(String[]::new));
    return read;
  }

  private static CommandLine picocli(RunArguments into) {
    return new CommandLine(into).setExpandAtFiles(false);
  }
}
