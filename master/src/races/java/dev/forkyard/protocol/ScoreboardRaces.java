package dev.forkyard.protocol;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJ_Result;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Where a worker's job thread and its master meet. */
final class ScoreboardRaces {

  private static final long RUN = Scoreboard.run(5, 1);
  private static final long NEXT = Scoreboard.run(6, 1);
  private static final int BYTES = 64;

  private ScoreboardRaces() {}

  private static Scoreboard running() {
    Scoreboard board = new Scoreboard(ByteBuffer.allocateDirect(BYTES), 1);
    board.start(0, RUN, 1);
    return board;
  }

  /** Either the worker ends its job or the master condemns it. */
  @JCStressTest
  @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "ended: nobody is hit")
  @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "condemned: no reply")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class EndOrCondemn {

    private final Scoreboard board = running();

    @Actor
    public void worker(ZZ_Result result) {
      result.r1 = board.end(0, RUN);
    }

    @Actor
    public void master(ZZ_Result result) {
      result.r2 = board.condemn(RUN);
    }
  }

  /** A worker whose job was condemned starts no other; one whose job was not is not hit. */
  @JCStressTest
  @Outcome(id = "true, true, false", expect = ACCEPTABLE, desc = "ended: the next one runs on")
  @Outcome(id = "false, false, true", expect = ACCEPTABLE, desc = "condemned: no other starts")
  @Outcome(expect = FORBIDDEN, desc = "the next job is hit, or a condemned worker goes on")
  @State
  public static class StartNextOrCondemn {

    private final Scoreboard board = running();

    @Actor
    public void worker(ZZZ_Result result) {
      result.r1 = board.end(0, RUN);
      result.r2 = board.start(0, NEXT, 2);
    }

    @Actor
    public void master(ZZZ_Result result) {
      result.r3 = board.condemn(RUN);
    }
  }

  /** A job in another slot than the condemned one starts and ends, or does neither. */
  @JCStressTest
  @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "it started before")
  @Outcome(id = "false, false, true", expect = ACCEPTABLE, desc = "condemned: no other starts")
  @Outcome(expect = FORBIDDEN, desc = "it is hit by what was meant for another")
  @State
  public static class StartBesideOrCondemn {

    private final Scoreboard board =
        new Scoreboard(ByteBuffer.allocateDirect(2 * BYTES), 1).withSlots(2);

    {
      board.start(0, RUN, 1);
    }

    @Actor
    public void worker(ZZZ_Result result) {
      result.r1 = board.start(1, NEXT, 2);
      result.r2 = board.end(1, NEXT);
    }

    @Actor
    public void master(ZZZ_Result result) {
      result.r3 = board.condemn(RUN);
    }
  }

  /** When a job is seen, so is its start. */
  @JCStressTest
  @Outcome(id = "5, -?[0-9]+", expect = ACCEPTABLE, desc = "the job before")
  @Outcome(id = "6, 2", expect = ACCEPTABLE, desc = "the next job and its own start")
  @Outcome(expect = FORBIDDEN, desc = "a job with the start of another")
  @State
  public static class StartIsSeenWithItsJob {

    private final Scoreboard board = running();

    @Actor
    public void worker() {
      board.end(0, RUN);
      board.start(0, NEXT, 2);
    }

    @Actor
    public void master(IJ_Result result) {
      Scoreboard.Slot slot = board.read(0);
      result.r1 = (int) (slot.run() & 0xFF);
      result.r2 = slot.startedNanos();
    }
  }
}
