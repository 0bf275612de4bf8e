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

  /** What threads post, and how often the loop was told to wake up and found something. */
  public static class Posted {

    final EventInbox inbox = new EventInbox();
    final EventInbox.Event a = event('A');
    final EventInbox.Event b = event('B');
    final EventInbox.Event c = event('C');
    private final StringBuilder taken = new StringBuilder();
    private int batches;

    private EventInbox.Event event(char name) {
      return new EventInbox.Event(() -> taken.append(name), null);
    }

    int post(EventInbox.Event event) {
      return inbox.post(event) ? 1 : 0;
    }

    void runAll() {
      EventInbox.Event first = inbox.takeAll();
      batches += first == null ? 0 : 1;
      for (EventInbox.Event each = first; each != null; each = each.next) {
        each.action.run();
      }
    }

    void tell(LZ_Result result, int wakes) {
      runAll();
      result.r1 = taken.toString();
      result.r2 = wakes == batches;
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

  /**
   * What two threads post comes once, each thread's in its order, and one of all wakes the loop.
   */
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
}
