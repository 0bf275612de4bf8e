package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs of docs/child-processes.md, ours and Node's, print what the page says. */
class ChildProcessExamplesIT {

  private static final Path PROJECT =
      Path.of("target/examples/child-processes/target").toAbsolutePath();
  private static final Path NODE_PROGRAMS = Command.ROOT.resolve("examples/child-processes/node");
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  private static final List<String> THREE =
      List.of(
          "Child process 0 executed.", "Child process 1 executed.", "Child process 2 executed.");
  private static final List<String> THREE_WITH_ENDS =
      Stream.concat(
              THREE.stream(), Stream.of("exited with code 0").flatMap(s -> Stream.of(s, s, s)))
          .toList();

  static Stream<Arguments> javaPrograms() {
    return Stream.of(
        Arguments.of("ThreeByExec", THREE),
        Arguments.of("ThreeBySpawn", THREE_WITH_ENDS),
        Arguments.of("ThreeByFork", THREE_WITH_ENDS),
        Arguments.of(
            "Greeting",
            List.of(
                "the child answered: you said: hello child process",
                "the child answered: Point[x=2, y=1]",
                "exited with code 0")),
        Arguments.of("SocketToChild", List.of("hello java, from python", "exited with code 0")),
        Arguments.of("SocketToJava", List.of("hello from java", "exited with code 0")),
        Arguments.of(
            "MemoryToChild", List.of("doubled: number 1000 is 2000", "exited with code 0")),
        Arguments.of(
            "WhatGoesWrong",
            List.of(
                "exit code OptionalInt[2]",
                "signal Optional[SIGTERM], timed out true, 7 bytes",
                "timed out false, 1000 bytes",
                "could not start no-such-program: the command no-such-program was not found")));
  }

  @ParameterizedTest
  @MethodSource("javaPrograms")
  void eachJavaProgramPrintsWhatThePageSays(String main, List<String> parts) throws Exception {
    assumeThat(main.equals("SocketToChild") && !has("python3")).as("python3 is missing").isFalse();
    String classPath = PROJECT.resolve("child-processes-1.jar") + ":" + PROJECT.resolve("lib/*");
    List<String> words = List.of(JAVA.toString(), "-cp", classPath, "example." + main);
    try (Command run = Command.env(PROJECT, words)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertSaid(run, parts);
      assertThat(run.errors()).isEmpty();
      run.assertNothingLeft();
    }
  }

  static Stream<Arguments> nodePrograms() {
    return Stream.of(
        Arguments.of("three-by-exec.js", THREE),
        Arguments.of("three-by-spawn.js", THREE_WITH_ENDS),
        Arguments.of("three-by-fork.js", THREE_WITH_ENDS),
        Arguments.of(
            "greeting.js",
            List.of("the child answered: you said: hello child process", "exited with code 0")),
        Arguments.of(
            "socket-to-child.js", List.of("hello node, from python", "exited with code 0")));
  }

  @ParameterizedTest
  @MethodSource("nodePrograms")
  void soDoesEachOfNodesWhereNodeIsThere(String program, List<String> parts) throws Exception {
    assumeThat(has("node")).as("node is there").isTrue();
    assumeThat(has("python3")).as("python3 is there").isTrue();
    List<String> words = List.of("node", NODE_PROGRAMS.resolve(program).toString());
    try (Command run = Command.env(Command.ROOT, words)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertSaid(run, parts);
    }
  }

  /** Each part stands in a line of its own; children that run at once print in any order. */
  private static void assertSaid(Command run, List<String> parts) {
    List<String> lines = run.out().lines().sorted().toList();
    assertThat(lines).as(run.out()).hasSameSizeAs(parts);
    for (String part : parts) {
      long wanted = parts.stream().filter(part::equals).count();
      assertThat(lines).filteredOn(line -> line.contains(part)).as(run.out()).hasSize((int) wanted);
    }
  }

  private static boolean has(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
