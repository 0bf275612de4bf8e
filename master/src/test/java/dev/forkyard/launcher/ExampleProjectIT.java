package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A project of its own, built against the installed artifacts, as anyone would. */
class ExampleProjectIT {

  private static final Path PROJECT = Path.of("target/examples/wordcount/target").toAbsolutePath();
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  @BeforeAll
  static void markAsBuilt() throws IOException {
    Command.markAsBuilt();
  }

  @Test
  void itsHandlerRunsFromTheCommandLine() throws Exception {
    String jar = PROJECT.resolve("wordcount-1.jar").toString();
    try (Command run = Command.start("run", "-cp", jar, "example.WordCount")) {
      run.input("one two three\nfour\n");
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo("3\n1\n");
    }
  }

  @Test
  void itsHandlerWithARecordReadsJson() throws Exception {
    // The library that reads JSON is one of the project's own.
    String classPath = PROJECT.resolve("wordcount-1.jar") + ":" + PROJECT.resolve("lib/*");
    Path file = PROJECT.getParent().resolve("pom.xml");
    String query = "{\"file\":\"" + file + "\",\"expression\":\"<artifactId>word\"}";
    try (Command run = Command.start("run", "-cp", classPath, "example.Search", query)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out())
          .isEqualTo(
              "{\"file\":\"" + file + "\",\"lines\":[\"  <artifactId>wordcount</artifactId>\"]}\n");
    }
  }

  @Test
  void itsUnitTestsTryItsHandlerWithAndWithoutAProcess() throws IOException {
    Path report = PROJECT.resolve("surefire-reports/TEST-example.WordCountTest.xml");
    assertThat(Files.readString(report)).contains("tests=\"3\" errors=\"0\" skipped=\"0\"");
  }

  @Test
  void itsOwnProgramUsesThePool() throws Exception {
    String classPath = PROJECT.resolve("wordcount-1.jar") + ":" + PROJECT.resolve("lib/*");
    List<String> words = List.of(JAVA.toString(), "-cp", classPath, "example.CountWords");
    try (Command run = Command.env(PROJECT, words)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo("3 words, 42\n");
      assertThat(run.errors()).isEmpty();
      run.assertNothingLeft();
    }
  }
}
