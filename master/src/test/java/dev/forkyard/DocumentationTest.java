package dev.forkyard;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Code in the documents is quoted from the examples, which are compiled or run.
 *
 * <p>A comment before the code names its source: {@code <!-- examples/.../WordCount.java -->}.
 */
class DocumentationTest {

  private static final Path ROOT = root();
  private static final Pattern CODE =
      Pattern.compile(
          "(?:<!-- (?<source>\\S+) -->\\s*\n)?```(?:java|js|python)\n(?<code>.*?)```",
          Pattern.DOTALL);

  private record Quotation(Path document, String source, String code) {}

  @Test
  void theExamplesCompile(@TempDir Path classes) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      List<String> options =
          List.of(
              "--release",
              "17",
              "-Xlint:all,-path,-options,-processing",
              "-Werror",
              "-proc:none",
              "-cp",
              System.getProperty("java.class.path"),
              "-d",
              classes.toString());
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  options,
                  null,
                  files.getJavaFileObjectsFromPaths(examples()))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
  }

  @Test
  void theCodeInTheDocumentsIsTheExamplesCode() throws IOException {
    List<Quotation> quotations = quotations();
    assertThat(quotations).extracting(Quotation::document).contains(ROOT.resolve("README.md"));
    for (Quotation quotation : quotations) {
      assertThat(quotation.source())
          .as("the source of this code in %s:%n%s", quotation.document(), quotation.code())
          .isNotNull();
      assertThat(withoutIndent(Files.readString(ROOT.resolve(quotation.source()))))
          .as("%s, as quoted in %s", quotation.source(), quotation.document())
          .contains(withoutIndent(quotation.code()));
    }
  }

  @Test
  void theTestsThatTheDocumentsNameAreThere() throws IOException {
    Pattern named = Pattern.compile("`(\\w+(?:Test|IT))(?:\\.(\\w+))?`");
    Matcher matcher = named.matcher(Files.readString(ROOT.resolve("docs/failure.md")));
    int found = 0;
    while (matcher.find()) {
      String method = matcher.group(2) == null ? "class " + matcher.group(1) : matcher.group(2);
      assertThat(Files.readString(test(matcher.group(1)))).contains(method);
      found++;
    }
    assertThat(found).isPositive();
  }

  private static Path test(String name) throws IOException {
    for (String module : List.of("master", "worker", "benchmarks")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module + "/src/test"))) {
        Optional<Path> found = files.filter(file -> file.endsWith(name + ".java")).findFirst();
        if (found.isPresent()) {
          return found.get();
        }
      }
    }
    throw new AssertionError("no module has a test " + name);
  }

  private static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve("examples"))) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          // Those need libraries of their own, which the examples' own builds have.
          .filter(file -> !file.startsWith(ROOT.resolve("examples/isolation")))
          .toList();
    }
  }

  private static List<Quotation> quotations() throws IOException {
    List<Quotation> found = new ArrayList<>();
    for (Path document : documents()) {
      Matcher matcher = CODE.matcher(Files.readString(document));
      while (matcher.find()) {
        found.add(new Quotation(document, matcher.group("source"), matcher.group("code")));
      }
    }
    return found;
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"));
        Stream<Path> top = Files.list(ROOT)) {
      return Stream.concat(docs, top).filter(file -> file.toString().endsWith(".md")).toList();
    }
  }

  private static String withoutIndent(String code) {
    return code.lines().map(String::strip).collect(joining("\n", "\n", "\n"));
  }

  private static Path root() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("mvnw"))) {
      directory = directory.getParent();
    }
    return directory;
  }
}
