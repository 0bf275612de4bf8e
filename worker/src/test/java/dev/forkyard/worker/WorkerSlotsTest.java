package dev.forkyard.worker;

import static dev.forkyard.worker.ScriptedMaster.LIMIT;
import static dev.forkyard.worker.ScriptedMaster.MAX_FRAME_BYTES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.Scoreboard;
import java.net.StandardProtocolFamily;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real worker process with several slots, and a master that says what the test wants. */
@Timeout(120)
class WorkerSlotsTest {

  private static final int SLOTS = 3;

  @TempDir private Path directory;

  private ScriptedMaster master;

  private void start(WorkerSetup.WarmUp... warmUps) throws Exception {
    WorkerSetup setup = new WorkerSetup(Map.of(), Map.of(), List.of(warmUps), SLOTS);
    master =
        new ScriptedMaster(
            directory, StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN, setup, new String[0]);
    master.welcome(MAX_FRAME_BYTES);
  }

  @AfterEach
  void kill() throws Exception {
    if (master != null) {
      master.close();
    }
  }

  /** As many as there are slots go on together, and tell where. */
  public static final class Meets implements JobHandler<String, String> {

    private static final CyclicBarrier ALL = new CyclicBarrier(SLOTS);
    private static final AtomicInteger MADE = new AtomicInteger();

    private final int made = MADE.incrementAndGet();
    private int startedIn = -1;

    @Override
    public void start(WorkerContext context) {
      startedIn = context.slot();
    }

    @Override
    public String handle(String input, JobContext context) throws Exception {
      ALL.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
      return made
          + " in "
          + context.slot()
          + " as at its start: "
          + (context.slot() == startedIn)
          + " on "
          + Thread.currentThread().getName();
    }

    @Override
    public void stop() {
      System.out.println("stopped in " + startedIn);
    }
  }

  private void run(Class<?> handler, long... jobIds) throws Exception {
    for (long jobId : jobIds) {
      master.run(jobId, handler, "");
    }
  }

  /** The next frames, which are to be results, by their jobs. */
  private Map<Long, String> results(int count) throws InterruptedException {
    Map<Long, String> results = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      Frame.Result result = master.next(Frame.Result.class);
      results.put(result.jobId(), new String(result.value(), UTF_8));
    }
    return results;
  }

  private void stop(long jobId) throws Exception {
    master.send(new Frame.Stop(jobId));
    assertThat(master.result(jobId)).isEqualTo("interrupted, cancelled: true");
  }

  private void startWaiting(long... jobIds) throws Exception {
    run(WorkerMainTest.Waits.class, jobIds);
    for (long jobId : jobIds) {
      master.awaitStart(jobId);
    }
  }

  @Test
  void asManyJobsRunAtATimeAsThereAreSlotsEachWithAHandlerOfItsOwn() throws Exception {
    start();
    run(Meets.class, 1, 2, 3);
    Set<String> first = new TreeSet<>(results(SLOTS).values());
    for (int slot = 0; slot < SLOTS; slot++) {
      String end = " in " + slot + " as at its start: true on forkyard-job-" + slot;
      assertThat(first).filteredOn(text -> text.endsWith(end)).hasSize(1);
    }
    assertThat(first).extracting(text -> text.charAt(0)).containsExactly('1', '2', '3');
    run(Meets.class, 4, 5, 6);
    assertThat(new TreeSet<>(results(SLOTS).values())).isEqualTo(first);
  }

  @Test
  void eachSlotHasItsHandlerWarmedUpBeforeTheGreetingAndAllAtATime() throws Exception {
    start(new WorkerSetup.WarmUp(Meets.class.getName(), true, "x".getBytes(UTF_8)));
    run(Meets.class, 1, 2, 3);
    assertThat(results(SLOTS).values())
        .extracting(text -> text.charAt(0))
        .containsExactlyInAnyOrder('1', '2', '3');
  }

  @Test
  void aStopHitsItsJobAloneAndTheNextOneStartsInItsSlot() throws Exception {
    start();
    startWaiting(1, 2, 3);
    run(WorkerMainTest.Waits.class, 4);
    int slot = master.slotOf(2);
    stop(2);
    master.awaitStart(4);
    assertThat(master.slotOf(4)).isEqualTo(slot);
    assertThat(master.slotOf(1)).isNotNegative();
    assertThat(master.slotOf(3)).isNotNegative();
    stop(1);
    stop(4);
    stop(3);
  }

  @Test
  void whatHasNotStartedIsGivenBack() throws Exception {
    start();
    startWaiting(1, 2, 3);
    run(WorkerMainTest.Ran.class, 4, 5, 6);
    master.send(new Frame.Recall(new long[] {6, 1, 5}));
    assertThat(master.next(Frame.Returned.class).jobIds()).containsExactly(6, 5);
    stop(2);
    assertThat(master.result(4)).isEqualTo("[4]");
    run(WorkerMainTest.Ran.class, 5);
    assertThat(master.result(5)).isEqualTo("[4, 5]");
  }

  @Test
  void aCondemnedWorkerStartsNothingMoreInAnySlotAndAnswersForTheOthersThatRan() throws Exception {
    start();
    startWaiting(1, 2, 3);
    run(WorkerMainTest.Waits.class, 4, 5);
    int slot = master.slotOf(2);
    assertThat(master.scoreboard.condemn(2)).isTrue();
    stop(1);
    awaitThreadIn("condemned", 4);
    String dump = master.cancel(2);
    assertThat(dump).startsWith("\"forkyard-job-" + slot + "\" ");
    assertThat(dump.split("\n\n")[0]).contains("Waits.handle");
    stop(3);
    awaitThreadIn("condemned", 5);
    awaitThreadIn("condemned", 2);
    assertThat(master.heardNothing()).isTrue();
    assertThat(master.scoreboard.read(slot).state()).isEqualTo(Scoreboard.State.CONDEMNED);
    assertThat(master.slotOf(4)).isNegative();
    assertThat(master.slotOf(5)).isNegative();
  }

  /** Asks until the stack of the job's thread, which stands first, has this in it. */
  private void awaitThreadIn(String method, long jobId) {
    await().atMost(LIMIT).until(() -> master.cancel(jobId).split("\n\n")[0].contains(method));
  }

  @Test
  void aWorkerThatDrainsRunsTheStopHooksOfAllSlotsAndLeavesWithTheLast() throws Exception {
    start();
    run(Meets.class, 1, 2, 3);
    results(SLOTS);
    startWaiting(4);
    master.send(new Frame.Drain());
    await().atMost(LIMIT).until(() -> master.output().lines().count() == SLOTS - 1);
    assertThat(master.heardNothing()).isTrue();
    stop(4);
    assertThat(master.next(Frame.Goodbye.class).reason()).isEqualTo("drained");
    assertThat(master.exitCode()).isZero();
    assertThat(master.output().lines())
        .containsExactlyInAnyOrder("stopped in 0", "stopped in 1", "stopped in 2");
  }

  /** Throws what leaves a JVM in doubt. */
  public static final class Overflows implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      throw new StackOverflowError();
    }
  }

  @Test
  void aJobThatLeavesItsWorkerInDoubtEndsItWithAllItsSlots() throws Exception {
    start();
    startWaiting(1, 2);
    run(Overflows.class, 3);
    assertThat(master.failure(3, FailureKind.THROWN).fatal()).isTrue();
    master.next(Frame.Goodbye.class);
    assertThat(master.exitCode()).isEqualTo(1);
    assertThat(master.slotOf(1)).isNotNegative();
    assertThat(master.slotOf(2)).isNotNegative();
  }

  @Test
  void manyShortJobsAreAllAnsweredOnce() throws Exception {
    start();
    int count = 5_000;
    Thread sender =
        new Thread(
            () -> {
              try {
                for (long jobId = 1; jobId <= count; jobId++) {
                  master.run(jobId, WorkerMainTest.Echo.class, "" + jobId);
                }
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    sender.start();
    Map<Long, String> results = results(count);
    sender.join();
    assertThat(results).hasSize(count);
    assertThat(results).allSatisfy((jobId, text) -> assertThat(text).isEqualTo("" + jobId));
  }
}
