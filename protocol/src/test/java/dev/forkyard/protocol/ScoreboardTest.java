package dev.forkyard.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

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
    assertThat(master.read().state()).isEqualTo(Scoreboard.State.IDLE);
    assertThat(worker.start(7, 1234)).isTrue();
    worker.progress(1300);
    assertThat(master.read())
        .isEqualTo(new Scoreboard.Slot(Scoreboard.State.RUNNING, 7, 1234, 1300));
    assertThat(worker.end(7)).isTrue();
    assertThat(master.read().state()).isEqualTo(Scoreboard.State.ENDED);
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
    board.start(7, 1);
    assertThat(board.condemn(8)).isFalse();
    assertThat(board.condemn(7)).isTrue();
    assertThat(board.end(7)).isFalse();
    assertThat(board.start(8, 2)).isFalse();
    assertThat(board.read().state()).isEqualTo(Scoreboard.State.CONDEMNED);
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
      if (boards[i].read().state() == Scoreboard.State.CONDEMNED) {
        boards[i] = Scoreboard.create(directory.resolve("b" + i));
      }
      Scoreboard board = boards[i];
      int round = i;
      assertThat(board.start(round, round)).isTrue();
      Thread worker =
          new Thread(
              () -> {
                await(start);
                ended[round] = board.end(round);
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
