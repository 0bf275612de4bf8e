package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs of others' libraries, which misbehave: each costs the jobs in which it does. */
@Tag("any-jdk")
class IsolationExamplesIT {

  private static final Path PROJECT = Path.of("target/examples/isolation/target").toAbsolutePath();
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  static Stream<Arguments> programs() {
    return Stream.of(
        Arguments.of(
            "DocumentTexts",
            """
            exits.xml: exit code 1
            hangs.xml: stopped after 20 s
            takes-all-memory.xml: out of memory
            testPDF_no_extract_no_accessibility_owner_user.pdf: org.apache.tika.exception.EncryptedDocumentException
            testPDF_no_extract_yes_accessibility_owner_user.pdf: org.apache.tika.exception.EncryptedDocumentException
            throws.xml: org.apache.tika.exception.TikaException
            49 of 55 documents read
            """),
        Arguments.of(
            "ScaleImages",
            """
            40 images scaled
            the bomb: out of memory
            """),
        Arguments.of(
            "CountTokens",
            """
            2000 texts counted, all right
            """));
  }

  @ParameterizedTest
  @MethodSource("programs")
  void itsProgramsEndWithAllResultsButThoseOfTheJobsThatMisbehaved(String main, String output)
      throws Exception {
    String classPath = PROJECT.resolve("isolation-1.jar") + ":" + PROJECT.resolve("lib/*");
    List<String> words = List.of(JAVA.toString(), "-cp", classPath, "example." + main);
    try (Command run = Command.env(PROJECT, words)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).as(run.errors()).isEqualTo(output);
      run.assertNothingLeft();
    }
  }
}
