package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import dev.forkyard.pool.PoolErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {

  @TempDir private Path directory;

  /** Remembers what it was told, and what of it was flushed. */
  private static final class Printed implements ResultPrinter {
    private int printed;
    private int flushed;

    @Override
    public void print(JobEnd end) {
      printed++;
    }

    @Override
    public void flush() {
      flushed = printed;
    }
  }

  private Path file() {
    return directory.resolve("journal");
  }

  private Journal open() {
    return Journal.open(file(), "com.acme.Handler");
  }

  private static JobEnd ok(String input) {
    return new JobEnd(1, Input.of(input), null, null, Ends.REPORT);
  }

  private static JobEnd failed(String input) {
    return new JobEnd(1, Input.of(input), null, PoolErrors.lost(3, null, false, null), Ends.REPORT);
  }

  private static List<String> remaining(Journal journal, List<String> inputs) throws IOException {
    InputSource source = journal.remaining(new ArgumentSource(inputs));
    List<String> left = new ArrayList<>();
    for (Input input = source.next(); input != null; input = source.next()) {
      left.add(input.text());
    }
    return left;
  }

  private void note(JobEnd... ends) throws IOException {
    try (Journal journal = open()) {
      ResultPrinter printer = journal.noting(new Printed());
      for (JobEnd end : ends) {
        printer.print(end);
      }
      printer.flush();
    }
  }

  @Test
  void whatSucceededIsSkippedAndWhatFailedIsNot() throws Exception {
    note(ok("a"), failed("b"), ok("c"));
    note(ok("ü"));
    try (Journal journal = open()) {
      assertThat(remaining(journal, List.of("a", "b", "c", "d", "ü"))).containsExactly("b", "d");
      assertThat(journal.skipped()).isEqualTo(3);
    }
  }

  @Test
  void anInputThatComesSeveralTimesIsSkippedAsOftenAsItSucceeded() throws Exception {
    note(ok("a"), ok("a"), ok("b"));
    try (Journal journal = open()) {
      assertThat(remaining(journal, List.of("a", "b", "a", "a", "b"))).containsExactly("a", "b");
    }
  }

  @Test
  void anotherHandlersAreNotSkipped() throws Exception {
    note(ok("a"));
    try (Journal journal = Journal.open(file(), "com.acme.Other")) {
      assertThat(remaining(journal, List.of("a"))).containsExactly("a");
    }
  }

  @Test
  void nothingIsNotedBeforeItsResultHasLeft() throws Exception {
    Printed printed = new Printed();
    try (Journal journal = open()) {
      ResultPrinter printer = journal.noting(printed);
      for (int i = 0; i < 2_500; i++) {
        printer.print(ok("n" + i));
        assertThat(Files.size(file()) / 17).isEqualTo(printed.flushed);
      }
      assertThat(printed.flushed).isEqualTo(2_000);
      printer.flush();
      assertThat(Files.size(file()) / 17).isEqualTo(2_500);
    }
    List<String> all = IntStream.range(0, 2_600).mapToObj(i -> "n" + i).toList();
    try (Journal journal = open()) {
      assertThat(remaining(journal, all)).isEqualTo(all.subList(2_500, 2_600));
    }
  }

  @Test
  void aLineThatWasBrokenOffIsForgotten() throws Exception {
    note(ok("a"), ok("b"));
    byte[] bytes = Files.readAllBytes(file());
    Files.write(file(), java.util.Arrays.copyOf(bytes, bytes.length - 5));
    note(ok("c"));
    try (Journal journal = open()) {
      assertThat(remaining(journal, List.of("a", "b", "c"))).containsExactly("b");
    }
  }

  @Test
  void anotherFileIsRefusedAndLeftAsItIs() throws Exception {
    Files.writeString(file(), "the only copy of something important\n");
    assertThatThrownBy(this::open)
        .isInstanceOf(LauncherException.class)
        .hasMessage(
            "can't keep the journal \""
                + file()
                + "\": it is no journal of such a run; name a new file");
    assertThat(file()).hasContent("the only copy of something important\n");
    assertThatThrownBy(() -> Journal.open(directory, "x"))
        .isInstanceOf(LauncherException.class)
        .hasMessageStartingWith("can't keep the journal");
    Path nowhere = directory.resolve("missing").resolve("journal");
    assertThatThrownBy(() -> Journal.open(nowhere, "x"))
        .isInstanceOf(LauncherException.class)
        .hasMessage("can't keep the journal \"" + nowhere + "\": there is no such directory");
  }
}
