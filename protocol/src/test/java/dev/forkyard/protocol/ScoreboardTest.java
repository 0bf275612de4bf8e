package dev.forkyard.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.forkyard.protocol.Scoreboard.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ScoreboardTest {

  @TempDir private Path directory;

  @Test
  void theOtherSideSeesWhatTheWorkerPublishes() throws IOException {
    Scoreboard master = Scoreboard.create(directory.resolve("board"));
    Scoreboard worker = Scoreboard.open(directory.resolve("board"));
    assertThat(master.read(0).state()).isEqualTo(Scoreboard.State.IDLE);
    assertThat(worker.start(0, 7, 1234)).isTrue();
    worker.progress(0, 1300);
    assertThat(master.read(0))
        .isEqualTo(new Scoreboard.Slot(Scoreboard.State.RUNNING, 7, 1234, 1300));
    assertThat(worker.end(0, 7)).isTrue();
    assertThat(master.read(0).state()).isEqualTo(Scoreboard.State.ENDED);
    assertThat(master.condemn(7)).isFalse();
    long beats = master.beats();
    worker.beat();
    assertThat(master.beats()).isNotEqualTo(beats);
    worker.markExit();
    assertThat(master.exitMarked()).isTrue();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void itsFileHasItsRoomFromTheStart() throws Exception {
    Path file = directory.resolve("board");
    Scoreboard.create(file);
    Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    String blocks = new String(stat.getInputStream().readAllBytes(), US_ASCII).strip();
    assertThat(Integer.parseInt(blocks)).isGreaterThanOrEqualTo(8);
  }

  @Test
  void aCondemnedWorkerNeitherEndsNorStartsAnything() throws IOException {
    Scoreboard board = Scoreboard.create(directory.resolve("board"));
    board.start(0, 7, 1);
    assertThat(board.condemn(8)).isFalse();
    assertThat(board.condemn(7)).isTrue();
    assertThat(board.end(0, 7)).isFalse();
    assertThat(board.start(0, 8, 2)).isFalse();
    assertThat(board.read(0).state()).isEqualTo(Scoreboard.State.CONDEMNED);
  }

  @Test
  void eachSlotIsItsOwn() throws IOException {
    Scoreboard master = Scoreboard.create(directory.resolve("board")).withSlots(64);
    Scoreboard worker = Scoreboard.open(directory.resolve("board")).withSlots(64);
    worker.beat();
    worker.repliesSent(1000);
    for (int slot = 0; slot < 64; slot++) {
      assertThat(worker.start(slot, 100 + slot, slot)).isTrue();
      worker.progress(slot, 200 + slot);
    }
    assertThat(worker.end(7, 107)).isTrue();
    for (int slot = 0; slot < 64; slot++) {
      Scoreboard.State state = slot == 7 ? State.ENDED : State.RUNNING;
      assertThat(master.read(slot))
          .isEqualTo(new Scoreboard.Slot(state, 100 + slot, slot, 200 + slot));
    }
    assertThat(master.beats()).isEqualTo(1);
    assertThat(master.exitMarked()).isFalse();
    worker.replies().put((byte) 1);
    worker.repliesWait(1);
    assertThat(master.unsentReplies(1000).remaining()).isEqualTo(1);
  }

  @Test
  void aCondemnedSlotKeepsTheOthersFromStartingAndNotFromEnding() throws IOException {
    Scoreboard board = Scoreboard.create(directory.resolve("board")).withSlots(3);
    board.start(0, 5, 1);
    board.start(2, 6, 1);
    assertThat(board.condemn(7)).isFalse();
    assertThat(board.condemn(6)).isTrue();
    assertThat(board.read(2).state()).isEqualTo(State.CONDEMNED);
    assertThat(board.start(1, 7, 2)).isFalse();
    assertThat(board.end(0, 5)).isTrue();
    assertThat(board.end(2, 6)).isFalse();
    assertThat(board.start(0, 8, 3)).isFalse();
    assertThat(board.read(0).state()).isEqualTo(State.ENDED);
    assertThat(board.read(1).state()).isEqualTo(State.IDLE);
  }

  @Test
  void aNumberOfSlotsForWhichItHasNoRoomIsRefused() throws IOException {
    Scoreboard board = Scoreboard.create(directory.resolve("board"));
    assertThat(board.slots()).isEqualTo(1);
    for (int slots : new int[] {0, -1, Scoreboard.MAX_SLOTS + 1}) {
      assertThatThrownBy(() -> board.withSlots(slots))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 to 64 slots, but " + slots);
    }
  }

  @Test
  void whatAWorkerDidNotSendAnyMoreIsFoundWhereverItWasCutOff() throws IOException {
    Scoreboard master = Scoreboard.create(directory.resolve("board"));
    Scoreboard worker = Scoreboard.open(directory.resolve("board"));
    assertThat(master.unsentReplies(0).remaining()).isZero();
    worker.repliesSent(1000);
    worker.replies().put(new byte[] {1, 2, 3, 4, 5});
    assertThat(master.unsentReplies(1000).remaining()).as("not published").isZero();
    worker.repliesWait(4);
    for (int sent = 0; sent <= 4; sent++) {
      ByteBuffer unsent = master.unsentReplies(1000 + sent);
      assertThat(unsent.remaining()).isEqualTo(4 - sent);
      assertThat(sent == 4 || unsent.get() == sent + 1).isTrue();
    }
    worker.repliesSent(1004);
    assertThat(master.unsentReplies(1004).remaining()).isZero();
  }

  @Test
  void whatCannotBeIsNothing() throws IOException {
    Scoreboard board = Scoreboard.create(directory.resolve("board"));
    board.repliesSent(1000);
    for (int waiting : new int[] {5, -5, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      board.repliesWait(waiting);
      assertThat(board.unsentReplies(999).remaining()).isZero();
      assertThat(board.unsentReplies(1006).remaining()).isZero();
    }
    board.repliesSent(Long.MIN_VALUE);
    board.repliesWait(5);
    assertThat(board.unsentReplies(1000).remaining()).isZero();
  }

  @Test
  void ofAnEndAndACondemnationExactlyOneWins() throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    CyclicBarrier stop = new CyclicBarrier(2);
    int rounds = 1_000;
    Scoreboard[] boards = new Scoreboard[rounds];
    boolean[] ended = new boolean[rounds];
    for (int i = 0; i < rounds; i++) {
      boards[i] = i % 100 == 0 ? Scoreboard.create(directory.resolve("b" + i)) : boards[i - 1];
      if (boards[i].read(0).state() == Scoreboard.State.CONDEMNED) {
        boards[i] = Scoreboard.create(directory.resolve("b" + i));
      }
      Scoreboard board = boards[i];
      int round = i;
      assertThat(board.start(0, round, round)).isTrue();
      Thread worker =
          new Thread(
              () -> {
                await(start);
                ended[round] = board.end(0, round);
                await(stop);
              });
      worker.start();
      await(start);
      boolean condemned = board.condemn(round);
      await(stop);
      worker.join();
      assertThat(ended[round]).isNotEqualTo(condemned);
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
