package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ForkyardCommandIT {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Path TEST_CLASSES = Path.of("target/test-classes").toAbsolutePath();
  private static final Pattern CRASH_REPORT = Pattern.compile("\\(report: (.*?)\\)");

  @TempDir private Path directory;

  /** What Maven has just packaged is current, so the script need not build it again. */
  @BeforeAll
  static void markAsBuilt() throws IOException {
    Command.markAsBuilt();
  }

  @Test
  void sha256PrintsByteForByteWhatSha256sumPrints() throws Exception {
    List<String> files = files(Path.of(System.getProperty("java.home")), 300);
    List<String> command = new ArrayList<>(List.of("sha256sum", "--"));
    command.addAll(files);
    Process reference = new ProcessBuilder(command).start();
    byte[] expected = reference.getInputStream().readAllBytes();

    try (Command run = Command.start("run", "sha256")) {
      run.input(String.join("\n", files) + "\n");
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.outBytes()).isEqualTo(expected);
      assertThat(run.errors()).startsWith("forkyard: " + files.size() + " jobs: ");
      run.assertNothingLeft();
    }
  }

  @Test
  void aKilledWorkerCostsTheRunningJobAlone() throws Exception {
    try (Command run = Command.start("run", "-w", "1", "fault")) {
      run.input("a\ngrandchild 100\nb\n");
      long worker = workerOf(running(run));
      Command.signal(worker, "KILL");
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.out()).isEqualTo("a\nb\n");
      assertThat(run.jobErrors())
          .containsExactly(
              "forkyard: job 2 \"grandchild 100\": worker " + worker + " was killed by SIGKILL");
      run.assertNothingLeft();
    }
  }

  @Test
  void withRetriesAKilledWorkerCostsNothing() throws Exception {
    try (Command run = Command.start("run", "-w", "1", "--retries", "1", "--json", "fault")) {
      run.input("a\ngrandchild 10\nb\n");
      Command.signal(workerOf(running(run)), "KILL");
      assertThat(run.exitCode()).as(run.errors()).isZero();
      List<JsonNode> jobs = json(run.out());
      assertThat(jobs).extracting(job -> job.get("job").asInt()).containsExactly(1, 2, 3);
      assertThat(jobs).allMatch(job -> job.get("ok").asBoolean());
      assertThat(jobs.get(1).get("attempt").asInt()).isEqualTo(2);
      assertThat(run.errors()).contains("1 run again");
      run.assertNothingLeft();
    }
  }

  @Test
  void manyLinesGoThroughASmallHeapInOrder() throws Exception {
    String lines =
        IntStream.rangeClosed(1, 100_000)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining("\n", "", "\n"));
    try (Command run = Command.start("run", "--master-heap", "64m", "echo")) {
      run.input(lines);
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo(lines);
    }
  }

  @Test
  void deathsAreToldApartAndCostOneJobEach() throws Exception {
    try (Command run = Command.start("run", "-t", "10s", "fault")) {
      run.input("one\nexit 3\ntwo\nsegv\noom\nspin\nthree\n");
      assertThat(run.exitCode()).isEqualTo(1);
      Matcher report = CRASH_REPORT.matcher(run.errors());
      assertThat(report.find()).as(run.errors()).isTrue();
      Files.delete(Path.of(report.group(1)));

      assertThat(run.out()).isEqualTo("one\ntwo\nthree\n");
      assertThat(run.jobErrors()).hasSize(4);
      assertThat(run.jobErrors())
          .anyMatch(line -> line.matches(".*job 2 \"exit 3\": worker \\d+ exited with code 3"))
          .anyMatch(line -> line.matches(".*job 4 \"segv\": worker \\d+ crashed by SIGSEGV .*"))
          .anyMatch(line -> line.matches(".*job 5 \"oom\": worker \\d+ ran out of memory.*"))
          .anyMatch(line -> line.matches(".*job 6 \"spin\": timed out: ran longer than 10s, .*"));
      run.assertNothingLeft();
    }
  }

  @Test
  void worksWithoutAnyEnvironmentFromAFolderWithASpaceThroughALink() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("a folder"));
    Files.createSymbolicLink(folder.resolve("fy"), Command.SCRIPT);
    Files.createSymbolicLink(folder.resolve("link"), Path.of("fy"));
    try (Command run = Command.env(folder, List.of("-i", "./link", "run", "echo", "naïve →"))) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo("naïve →\n");
    }
  }

  @Test
  void fileNamesAreUtf8UnderAnyLocale() throws Exception {
    // A test's own JVM may be unable to write such a name.
    new ProcessBuilder("sh", "-c", "printf x > \"$(printf 'na\\303\\257ve.txt')\"")
        .directory(directory.toFile())
        .start()
        .waitFor();
    String script = "exec \"$0\" run sha256 \"$(printf 'na\\303\\257ve.txt')\"";
    List<String> words =
        List.of("LC_ALL=", "LANG=C", "sh", "-c", script, Command.SCRIPT.toString());
    try (Command run = Command.env(directory, words)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out())
          .isEqualTo(
              "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  naïve.txt\n");
    }
  }

  @Test
  void aLineThatIsNoUtf8IsOneFailedJob() throws Exception {
    try (Command run = Command.start("run", "echo")) {
      run.input("a\nna\u00efve\nb\n".getBytes(ISO_8859_1));
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.out()).isEqualTo("a\nb\n");
      assertThat(run.jobErrors())
          .singleElement()
          .asString()
          .contains("job 2 ")
          .endsWith("the input is not valid UTF-8");
    }
  }

  @Test
  void nulSeparatedRecordsKeepTheirNewlines() throws Exception {
    try (Command run = Command.start("run", "-0", "echo")) {
      run.input("a\nb\0c\0");
      assertThat(run.exitCode()).isZero();
      assertThat(run.out()).isEqualTo("a\nb\0c\0");
    }
    try (Command run = Command.start("run", "echo", "a\nb")) {
      assertThat(run.exitCode()).isZero();
      assertThat(run.out()).isEqualTo("a\\nb\n");
    }
  }

  @Test
  void jsonHasAnObjectForEveryJob() throws Exception {
    try (Command run = Command.start("run", "--json", "fault", "a", "throw", "exit 3")) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.jobErrors()).hasSize(2);
      List<JsonNode> jobs = json(run.out());
      assertThat(jobs).hasSize(3);
      assertThat(keys(jobs.get(0)))
          .containsExactly("job", "input", "ok", "result", "worker", "attempt", "ms");
      assertThat(keys(jobs.get(1)))
          .containsExactly("job", "input", "ok", "error", "kind", "worker", "attempt", "ms");
      assertThat(jobs.get(0).get("result").asText()).isEqualTo("a");
      assertThat(jobs.get(1).get("kind").asText()).isEqualTo("failed");
      assertThat(jobs.get(2).get("kind").asText()).isEqualTo("lost");
      assertThat(jobs).allMatch(job -> job.get("worker").asLong() > 0);
    }
  }

  @Test
  void aHandlerOfOnesOwnReadsNumbersAndAnswersWithJson() throws Exception {
    String handler = Squared.class.getName();
    try (Command run = Command.start("run", "-cp", TEST_CLASSES.toString(), handler, "7", "x")) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.out()).isEqualTo("{\"square\":49}\n");
      assertThat(run.jobErrors()).singleElement().asString().contains("the input can't be read");
    }
  }

  @Test
  void whatAHandlerPrintsIsMarkedWithItsWorkerOnStderr() throws Exception {
    try (Command run = Command.start("run", "-q", "fault", "print hello")) {
      assertThat(run.exitCode()).isZero();
      assertThat(run.errors()).matches("\\[worker \\d+] hello\n");
    }
  }

  @Test
  void withSlotsFewerWorkersRunAsManyJobs() throws Exception {
    try (Command run = Command.start("run", "-w", "4", "--slots", "3", "echo", "a", "b", "c")) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(run.out()).isEqualTo("a\nb\nc\n");
      assertThat(run.errors()).contains("3 jobs: 3 ok").contains(" 1 worker\n");
    }
  }

  @Test
  void withoutInputsThereIsNothingToDo() throws Exception {
    try (Command run = Command.start("run", "echo")) {
      run.input("");
      assertThat(run.exitCode()).isZero();
      assertThat(run.out()).isEmpty();
      assertThat(run.errors())
          .startsWith("forkyard: 0 jobs: 0 ok, 0 failed;")
          .contains("0 workers");
    }
  }

  @Test
  void aResultComesOutWhileTheNextInputIsNotYetThere() throws Exception {
    try (Command run = Command.start("run", "echo");
        OutputStream in = run.openInput()) {
      in.write("one\n".getBytes(UTF_8));
      in.flush();
      await().atMost(LIMIT).until(() -> run.out().equals("one\n"));
      in.write("two\n".getBytes(UTF_8));
      in.close();
      assertThat(run.exitCode()).isZero();
      assertThat(run.out()).isEqualTo("one\ntwo\n");
    }
  }

  @ParameterizedTest
  @MethodSource("wrongUses")
  void wrongUseIsOneLineAndExitCodeTwo(String named, List<String> arguments) throws Exception {
    try (Command run = Command.start(arguments.toArray(String[]::new))) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.out()).isEmpty();
      assertThat(run.errors().lines()).singleElement().asString().contains(named);
      run.assertNothingLeft();
    }
  }

  static Stream<Arguments> wrongUses() {
    String classes = TEST_CLASSES.toString();
    return Stream.of(
        Arguments.of("nothing", List.of("run", "nothing", "a")),
        Arguments.of("no.such.Handler", List.of("run", "no.such.Handler", "a")),
        Arguments.of("NoHandler", List.of("run", "-cp", classes, NoHandler.class.getName(), "a")),
        Arguments.of("'5'", List.of("run", "-t", "5", "echo", "a")),
        Arguments.of("--workers", List.of("run", "-w", "0", "echo", "a")),
        Arguments.of("'1x'", List.of("run", "--master-heap", "1x", "echo", "a")),
        Arguments.of("'1k'", List.of("run", "--master-heap=1k", "echo", "a")),
        Arguments.of("99999999g", List.of("run", "--master-heap", "99999999g", "echo", "a")),
        Arguments.of("-Xbogus", List.of("run", "-J", "-Xbogus", "echo", "a")));
  }

  @Test
  void verboseShowsAllThatAWorkerSaidWhichCouldNotStart() throws Exception {
    try (Command run = Command.start("run", "--verbose", "-J", "-Xbogus", "echo", "a")) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.errors()).contains("    Error: Could not create the Java Virtual Machine.");
    }
  }

  @Test
  void fromAFolderThatIsGoneItIsOneLine() throws Exception {
    Path gone = Files.createDirectory(directory.resolve("gone"));
    String script = "rmdir \"$PWD\"; exec \"$0\" run echo a";
    List<String> words = List.of("sh", "-c", script, Command.SCRIPT.toString());
    try (Command run = Command.env(gone, words)) {
      assertThat(run.exitCode()).isEqualTo(2);
      // A shell complains by itself before it reads the script.
      assertThat(run.errors().lines().filter(line -> !line.startsWith("sh: ")))
          .singleElement()
          .asString()
          .startsWith("forkyard: the current folder does not exist any more");
    }
  }

  @Test
  void aMissingFileIsAFailedJobInOneLine() throws Exception {
    try (Command run = Command.start("run", "-q", "sha256", "/no/such/file")) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.out()).isEmpty();
      assertThat(run.errors().lines()).singleElement().asString().contains("/no/such/file");
    }
  }

  @Test
  void verboseAddsTheWorkersStack() throws Exception {
    try (Command run = Command.start("run", "--verbose", "fault", "throw")) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.errors()).contains("    \tat ");
    }
  }

  @Test
  void anInterruptEndsTheWorkersAndLeavesOneLine() throws Exception {
    assumeThat(interruptsAreIgnored()).as("SIGINT ignored by whoever runs the tests").isFalse();
    try (Command run = Command.start("run", "fault", "a", "grandchild 100")) {
      running(run);
      // The two run at once, so the other may be the later one.
      await().atMost(LIMIT).until(() -> run.out().equals("a\n"));
      run.signal("INT");
      assertThat(run.exitCode()).isEqualTo(130);
      assertThat(run.errors().lines())
          .singleElement()
          .asString()
          .startsWith("forkyard: 2 jobs: 1 ok, 0 failed, 1 not finished;");
      run.assertNothingLeft();
    }
  }

  @Test
  void aTermLetsRunningJobsEndAndTakesNoMore() throws Exception {
    try (Command run = Command.start("run", "fault");
        OutputStream in = run.openInput()) {
      in.write("a\ngrandchild 5\n".getBytes(UTF_8));
      in.flush();
      running(run);
      run.signal("TERM");
      assertThat(run.exitCode()).isEqualTo(143);
      assertThat(run.out().lines()).hasSize(2);
      assertThat(run.errors()).contains("2 jobs: 2 ok, 0 failed;");
      run.assertNothingLeft();
    }
  }

  @Test
  void aBatchThatIsKilledAndResumedRunsOnlyTheRest() throws Exception {
    String journal = directory.resolve("journal").toString();
    List<String> inputs = IntStream.range(0, 1_000).mapToObj(i -> "n" + i).toList();
    List<String> first;
    try (Command run = Command.start("run", "-q", "-w", "1", "--journal", journal, "fault")) {
      OutputStream in = run.openInput();
      for (String input : inputs.subList(0, 400)) {
        in.write((input + "\n").getBytes(UTF_8));
      }
      in.flush();
      await().atMost(LIMIT).until(() -> run.out().lines().count() == 400);
      await().atMost(LIMIT).until(() -> Files.size(Path.of(journal)) == 400 * 17);
      run.signal("KILL");
      run.assertNothingLeft();
      first = run.out().lines().toList();
    }
    String all = String.join("\n", inputs) + "\n";
    try (Command run = Command.start("run", "--journal", journal, "fault").input(all)) {
      assertThat(run.exitCode()).as(run.errors()).isZero();
      assertThat(first).isEqualTo(inputs.subList(0, 400));
      assertThat(run.out().lines()).isEqualTo(inputs.subList(400, 1_000));
      assertThat(run.errors()).contains("600 jobs: 600 ok").contains("400 more were done before");
    }
    try (Command run = Command.start("run", "-q", "--journal", journal, "fault").input(all)) {
      assertThat(run.exitCode()).isZero();
      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  void aBatchHaltsAtItsFirstFailureOrAtAShareOfThemAndTheExitCodeTells() throws Exception {
    try (Command run = Command.start("run", "-w", "2", "--halt", "1", "fault");
        OutputStream in = run.openInput()) {
      in.write("a\nspin\nthrow\n".getBytes(UTF_8));
      in.flush();
      // Standard input stays open, and one job would never end.
      assertThat(run.exitCode()).isEqualTo(3);
      assertThat(run.out()).isEqualTo("a\n");
      assertThat(run.errors()).contains("1 ok, 1 failed, 1 not finished");
      run.assertNothingLeft();
    }
    String inputs = "a\nb\nc\nd\nthrow\n".repeat(200);
    try (Command run = Command.start("run", "--halt", "15%", "fault").input(inputs)) {
      assertThat(run.exitCode()).isEqualTo(3);
      assertThat(run.jobErrors()).hasSizeLessThan(200);
    }
    try (Command run = Command.start("run", "--halt", "21%", "-w", "1", "fault").input(inputs)) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.jobErrors()).hasSize(200);
    }
    try (Command run = Command.start("run", "--halt", "soon", "fault", "a")) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.errors().lines())
          .singleElement()
          .asString()
          .contains("--halt")
          .contains("'soon'");
    }
  }

  @Test
  void aReaderThatGoesAwayEndsItQuietly() throws Exception {
    try (Command run = Command.start("run", "echo")) {
      Thread endless = new Thread(() -> feed(run.openInput()));
      endless.setDaemon(true);
      endless.start();
      await().atMost(LIMIT).until(() -> !run.out().isEmpty());
      run.closeOutput();
      assertThat(run.exitCode()).isEqualTo(StandardOutput.CLOSED_EXIT_CODE);
      assertThat(run.errors()).isEmpty();
      run.assertNothingLeft();
    }
  }

  @Test
  void resultsThatCanNotBeWrittenAreOneLine() throws Exception {
    assumeThat(Path.of("/dev/full")).exists();
    String script = "exec \"$0\" run echo a >/dev/full";
    List<String> words = List.of("sh", "-c", script, Command.SCRIPT.toString());
    try (Command run = Command.env(directory, words)) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.errors().lines())
          .singleElement()
          .asString()
          .startsWith("forkyard: can't write the results: ");
      run.assertNothingLeft();
    }
  }

  private static void feed(OutputStream in) {
    try (in) {
      while (true) {
        in.write("y\n".repeat(1_000).getBytes(UTF_8));
      }
    } catch (IOException itHasEnded) {
      // As it should.
    }
  }

  /** The process that a job of {@code grandchild} started: while there is one, the job runs. */
  private static ProcessHandle running(Command run) {
    return await()
        .atMost(LIMIT)
        .until(() -> run.started("sleep").stream().findFirst(), Optional::isPresent)
        .orElseThrow();
  }

  private static long workerOf(ProcessHandle grandchild) {
    return grandchild.parent().orElseThrow().pid();
  }

  private static boolean interruptsAreIgnored() throws IOException {
    try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
      return status
          .filter(line -> line.startsWith("SigIgn:"))
          .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
          .anyMatch(ignored -> (ignored & 0b10) != 0);
    }
  }

  private static List<String> files(Path root, int limit) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile)
          .filter(Files::isReadable)
          .map(Path::toString)
          .sorted()
          .limit(limit)
          .toList();
    }
  }

  private static List<JsonNode> json(String lines) throws IOException {
    List<JsonNode> objects = new ArrayList<>();
    for (String line : lines.lines().toList()) {
      objects.add(new ObjectMapper().readTree(line));
    }
    return objects;
  }

  private static List<String> keys(JsonNode object) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    return keys;
  }
}
