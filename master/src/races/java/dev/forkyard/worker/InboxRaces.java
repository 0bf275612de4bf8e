package dev.forkyard.worker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.forkyard.protocol.Frame;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJJ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Where a worker's reader and its job thread meet. */
final class InboxRaces {

  private InboxRaces() {}

  private static Task task(long jobId) {
    return new Task(
        new Frame.Run(jobId, 1, null, 1, 0, Frame.Encoding.BINARY, null), "dev.forkyard.None");
  }

  /** The job thread gets every task, in order, and sleeps for none that came. */
  @JCStressTest
  @Outcome(id = "1, 2, 3", expect = ACCEPTABLE, desc = "all, in order")
  @Outcome(expect = FORBIDDEN, desc = "one is missing, or comes too early")
  @State
  public static class AllAreTakenInOrder {

    private final Turn turn = new Turn();
    private final Inbox inbox = new Inbox();
    private final Task first = task(1);
    private final Task second = task(2);
    private final Task third = task(3);

    {
      turn.takeOver();
    }

    @Actor
    public void reader() {
      inbox.add(first);
      inbox.handOver();
      inbox.add(second);
      inbox.add(third);
      inbox.handOver();
      turn.giveBack();
    }

    @Actor
    public void jobThread(JJJ_Result result) {
      result.r1 = take().jobId();
      result.r2 = take().jobId();
      result.r3 = take().jobId();
    }

    private Task take() {
      while (true) {
        Task next = inbox.take();
        if (next != null) {
          return next;
        }
        turn.awaitReader(inbox::hasNext);
      }
    }
  }

  /** Both want to read: one of them does, and sees what the other did while it was its turn. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "one of them reads")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class OneReads {

    private final Turn turn = new Turn();

    @Actor
    public void jobThread(ZZ_Result result) {
      result.r1 = turn.begin();
    }

    @Actor
    public void reader(ZZ_Result result) {
      result.r2 = turn.takeOver();
    }
  }

  /** Either the job thread runs a task or the reader gives it back. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class RunOrGiveBack {

    private final Task task = task(1);

    @Actor
    public void jobThread(ZZ_Result result) {
      result.r1 = task.claim();
    }

    @Actor
    public void reader(ZZ_Result result) {
      result.r2 = task.claim();
    }
  }
}
