package dev.forkyard.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Scoreboard.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a worker left on its scoreboard may be anything: the master reads it all the same. A build
 * tries the corpus; {@code .ci/fuzz} looks for more.
 */
public class ScoreboardFuzzTest {

  private static final int REPLIES = 4096;
  private static final int HEAD_BYTES = 56;
  private static final int LAST_SLOT = Scoreboard.MAX_SLOTS - 1;
  private static final int LAST_SLOT_AT = REPLIES - 64;
  private static final Memory MEMORY = Memory.create();

  /** A scoreboard, and what it is made of. */
  private record Memory(Scoreboard board, ByteBuffer bytes) {

    static Memory create() {
      try {
        Path file = Files.createTempDirectory("scoreboard").resolve("board");
        Scoreboard board = Scoreboard.create(file).withSlots(Scoreboard.MAX_SLOTS);
        try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
          return new Memory(board, channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size()));
        } finally {
          Files.delete(file);
          Files.delete(file.getParent());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The slot and the counters, then how much came from the worker, then what it has to say. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    if (bytes.length < HEAD_BYTES + Long.BYTES) {
      return;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    Scoreboard board = MEMORY.board;
    MEMORY.bytes.clear().put(in.slice().limit(HEAD_BYTES));
    // Another slot has something else of the same.
    MEMORY.bytes.position(LAST_SLOT_AT).put(in.slice().position(8).limit(HEAD_BYTES));
    long received = in.position(HEAD_BYTES).getLong();
    MEMORY.bytes.position(REPLIES).put(in.slice().limit(Math.min(in.remaining(), 64 << 10)));

    Scoreboard.Slot slot = board.read(0);
    Scoreboard.Slot last = board.read(LAST_SLOT);
    ByteBuffer unsent = board.unsentReplies(received);

    assertThat(unsent.limit()).isLessThanOrEqualTo(64 << 10);
    readAll(unsent);
    for (long run : new long[] {slot.run() ^ 1, slot.run(), last.run()}) {
      boolean runs = runs(board.read(0), run) || runs(board.read(LAST_SLOT), run);
      assertThat(board.condemn(run)).isEqualTo(runs);
    }
    boolean condemned =
        board.read(0).state() == State.CONDEMNED
            || board.read(LAST_SLOT).state() == State.CONDEMNED;
    boolean started = board.start(0, 1, 1);
    assertThat(started).isNotEqualTo(condemned);
    assertThat(board.end(0, 1)).isEqualTo(started);
  }

  private static boolean runs(Scoreboard.Slot slot, long run) {
    return slot.state() == State.RUNNING && slot.run() == run;
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void whateverIsThereIsReadWithinItsBounds(Path input) throws IOException {
    fuzzerTestOneInput(Files.readAllBytes(input));
  }

  static List<Path> corpus() throws IOException {
    try (Stream<Path> inputs = Files.list(Path.of("src/test/corpus/scoreboards"))) {
      return inputs.sorted().toList();
    }
  }

  private static void readAll(ByteBuffer replies) {
    FrameDecoder decoder = new FrameDecoder(1 << 20);
    try {
      while (replies.hasRemaining() && decoder.read(replies) != null) {
        // The next one.
      }
    } catch (ProtocolException malformed) {
      // So it is a worker that broke.
    }
  }
}
