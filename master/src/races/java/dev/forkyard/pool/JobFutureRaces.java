package dev.forkyard.pool;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.forkyard.pool.scheduler.Outcome.Replied;
import dev.forkyard.protocol.Frame;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.ZLI_Result;

/** Where a job's end and those who wait for it or cancel it meet. */
final class JobFutureRaces {

  private static final byte[] DONE = "done".getBytes(StandardCharsets.UTF_8);
  private static final HandlerRef<String, String> HANDLER = HandlerRef.of(Nothing.class);

  private static final Delivery DELIVERY =
      new Delivery(new Replied(true, new Frame.Result(1, 1, DONE)), 1, 1, null, "", 1);

  /** Its pool has ended, so that it keeps nothing of the futures. */
  private static final PoolLoop ENDED = ended();

  private JobFutureRaces() {}

  /** What was never run. */
  public static final class Nothing implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      return input;
    }
  }

  private static PoolLoop ended() {
    PoolLoop loop =
        new PoolLoop(ProcessPool.builder().name("races").workers(1).config(), freed -> {});
    loop.terminated();
    return loop;
  }

  private static JobFuture<String> future() {
    return new JobFuture<>(ENDED, 1, HANDLER, DONE, JobOptions.defaults(), null);
  }

  /** A result or a cancellation, and whoever cancels is told which; dependents run once. */
  @JCStressTest
  @Outcome(id = "true, cancelled, 1", expect = ACCEPTABLE, desc = "cancelled")
  @Outcome(id = "false, done, 1", expect = ACCEPTABLE, desc = "the result was there first")
  @Outcome(expect = FORBIDDEN, desc = "neither, both, or told wrongly")
  @State
  public static class ResultOrCancelled {

    private final JobFuture<String> future = future();
    private final AtomicInteger told = new AtomicInteger();

    public ResultOrCancelled() {
      future.whenComplete((result, error) -> told.incrementAndGet());
    }

    @Actor
    public void loop() {
      future.deliver(DELIVERY);
      future.settle();
    }

    @Actor
    public void caller(ZLI_Result result) {
      result.r1 = future.cancel(true);
    }

    @Arbiter
    public void after(ZLI_Result result) {
      result.r2 = future.isCancelled() ? "cancelled" : future.getNow("open");
      result.r3 = told.get();
    }
  }

  /** The loop sees who waits, or who waits sees the delivery; a hang is the failure. */
  @JCStressTest
  @Outcome(id = "done", expect = ACCEPTABLE, desc = "it has the result")
  @Outcome(expect = FORBIDDEN, desc = "something else")
  @State
  public static class WhoWaitsIsWoken {

    private final JobFuture<String> future = future();

    /** It never gets a thread, which would hide that nobody was woken. */
    private final Completer completer = new Completer("races", task -> {}, () -> false);

    @Actor
    public void loop() {
      future.deliver(DELIVERY);
      completer.execute(List.of(future));
    }

    @Actor
    public void waiter(L_Result result) {
      result.r1 = future.join();
    }
  }
}
