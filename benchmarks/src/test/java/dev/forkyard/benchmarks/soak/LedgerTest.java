package dev.forkyard.benchmarks.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {

  @TempDir private Path directory;

  @Test
  void whatWasNotedIsReadOnceAlsoByAnInterruptedThread() throws Exception {
    try (Ledger ledger = Ledger.in(directory)) {
      ledger.note(1, Note.What.STARTED, 2);
      Thread.currentThread().interrupt();
      ledger.note(1L << 40, Note.What.ENDED, Note.detail(Ending.LOST, 3));
      assertThat(Thread.interrupted()).isTrue();
    }

    List<Note> notes = take();

    assertThat(notes).extracting(Note::job).containsExactly(1L, 1L << 40);
    assertThat(notes).extracting(Note::what).containsExactly(Note.What.STARTED, Note.What.ENDED);
    assertThat(notes.get(0).detail()).isEqualTo(2);
    assertThat(notes.get(1).which()).isEqualTo(Ending.LOST.ordinal());
    assertThat(notes.get(1).number()).isEqualTo(3);
    assertThat(take()).isEmpty();
  }

  @Test
  void halfANoteIsAnError() throws Exception {
    try (Ledger ledger = Ledger.in(directory)) {
      ledger.note(1, Note.What.STARTED, 1);
    }
    try (var files = Files.list(directory)) {
      Files.write(files.findFirst().orElseThrow(), new byte[3], StandardOpenOption.APPEND);
    }
    assertThatThrownBy(this::take)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ends within a note");
  }

  private List<Note> take() throws IOException {
    List<Note> notes = new ArrayList<>();
    Ledger.take(directory, notes::add);
    return notes;
  }
}
