package dev.forkyard.pool;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LZ_Result;

/** Where the threads that post events and the loop meet. */
final class EventInboxRaces {

  private EventInboxRaces() {}

  /** What threads post, and whether the loop knows of what it has not taken. */
  public static class Posted {

    final EventInbox inbox = new EventInbox();
    final EventInbox.Event a = event('A');
    final EventInbox.Event b = event('B');
    final EventInbox.Event c = event('C');
    private final StringBuilder taken = new StringBuilder();

    private EventInbox.Event event(char name) {
      return new EventInbox.Event(() -> taken.append(name), null);
    }

    int post(EventInbox.Event event) {
      return inbox.post(event, false) ? 1 : 0;
    }

    void runAll() {
      EventInbox.Event first = inbox.takeAll();
      for (EventInbox.Event each = first; each != null; each = each.next) {
        each.action.run();
      }
    }

    /** What was told of before the last look needs no other; what came after it does. */
    void tell(LZ_Result result, int wakes) {
      boolean empty = inbox.isEmpty();
      boolean told = !inbox.post(event('-'), false);
      runAll();
      result.r1 = taken.toString().replace("-", "");
      result.r2 = empty || (told && wakes > 0);
    }
  }

  /** What is posted while the loop takes comes once, in order, and wakes it if it is needed. */
  @JCStressTest
  @Outcome(id = "AB, true", expect = ACCEPTABLE, desc = "both, in order")
  @Outcome(expect = FORBIDDEN, desc = "one is missing, or the loop would sleep on")
  @State
  public static class PostAndTake extends Posted {

    private int wakes;

    @Actor
    public void poster() {
      wakes = post(a) + post(b);
    }

    @Actor
    public void loop() {
      runAll();
    }

    @Arbiter
    public void after(LZ_Result result) {
      tell(result, wakes);
    }
  }

  /** What two threads post comes once, each thread's in its order, and the loop is woken for it. */
  @JCStressTest
  @Outcome(
      id = {"ABC, true", "ACB, true", "CAB, true"},
      expect = ACCEPTABLE,
      desc = "all, each thread's in order")
  @Outcome(expect = FORBIDDEN, desc = "one is missing or out of order, or the loop would sleep on")
  @State
  public static class PostAndPost extends Posted {

    private int wakesOfTwo;
    private int wakesOfOne;

    @Actor
    public void posterOfTwo() {
      wakesOfTwo = post(a) + post(b);
    }

    @Actor
    public void posterOfOne() {
      wakesOfOne = post(c);
    }

    @Arbiter
    public void after(LZ_Result result) {
      tell(result, wakesOfTwo + wakesOfOne);
    }
  }

  /** What may wait is told of by who posts it, or at the end of the wait, and once. */
  @JCStressTest
  @Outcome(id = "A, true", expect = ACCEPTABLE, desc = "the loop is woken once")
  @Outcome(expect = FORBIDDEN, desc = "it is not, or twice")
  @State
  public static class PostAndEndOfWait extends Posted {

    private boolean byPoster;
    private boolean byEnd;

    /** While things wait. */
    public PostAndEndOfWait() {
      inbox.setWaiting(true);
    }

    @Actor
    public void poster() {
      byPoster = inbox.post(a, true);
    }

    @Actor
    public void loop() {
      byEnd = inbox.setWaiting(false);
    }

    @Arbiter
    public void after(LZ_Result result) {
      tell(result, 1);
      result.r2 = byPoster != byEnd;
    }
  }
}
