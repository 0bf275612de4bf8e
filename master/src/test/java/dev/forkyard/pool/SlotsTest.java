package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.protocol.Scoreboard;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Workers that run several jobs at a time, with real processes. */
@Timeout(120)
class SlotsTest {

  private static final JobOptions NONE = JobOptions.defaults();
  private static final int LIMIT_SECONDS = 30;

  /** Far beyond what anything here takes, on a busy machine too. */
  private static final Duration LIMIT = Duration.ofSeconds(LIMIT_SECONDS);

  private static final int MAX_ROUNDS = 10;

  @TempDir private Path directory;

  private static ProcessPool.Builder small(int slots) {
    return ProcessPool.builder()
        .workers(1)
        .slotsPerWorker(slots)
        .workerHeapBytes(64 << 20)
        .onOutput((pid, line) -> {});
  }

  /** What a job is to do, and the directory in which it tells that it does. */
  public record Order(String what, String directory, int count) {}

  /** Where a job ran. */
  public record Place(long pid, int slot, int instance) {}

  /** Does as it is told, once it has left a file named after its job. */
  public static final class Obey implements JobHandler<Order, Place> {

    @Override
    public Place handle(Order order, JobContext context) throws Exception {
      Path here = Path.of(order.directory);
      Files.createDirectories(here);
      Files.createFile(here.resolve(context.jobId() + "-" + context.attempt()));
      switch (order.what) {
        case "wait" -> Thread.sleep(600_000);
        case "spin" -> {
          while (context.attempt() == 1) {
            Thread.onSpinWait();
          }
        }
        case "halt" -> {
          awaitFiles(here, order.count);
          Runtime.getRuntime().halt(3);
        }
        case "meet" -> awaitFiles(here, order.count);
        case "once" -> {
          if (context.attempt() == 1) {
            Thread.sleep(600_000);
          }
        }
        case "protest" -> {
          try {
            Thread.sleep(600_000);
          } catch (InterruptedException asked) {
            say(order, context);
          }
        }
        case "say" -> say(order, context);
        default -> Thread.sleep(order.count);
      }
      return new Place(
          ProcessHandle.current().pid(), context.slot(), System.identityHashCode(this));
    }

    private static void say(Order order, JobContext context) throws InterruptedException {
      for (int i = 0; i < order.count; i++) {
        context.send(context.jobId() + " " + i);
      }
    }

    private static void awaitFiles(Path here, int count) throws Exception {
      while (here.toFile().list().length < count) {
        Thread.sleep(2);
      }
    }

    @Override
    public void stop() {
      System.out.println("stopped on " + Thread.currentThread().getName());
    }
  }

  private JobFuture<Place> submit(ProcessPool pool, String what, String name, int count) {
    return submit(pool, what, name, count, NONE);
  }

  private JobFuture<Place> submit(
      ProcessPool pool, String what, String name, int count, JobOptions options) {
    return pool.submit(
        Obey.class, new Order(what, directory.resolve(name).toString(), count), options);
  }

  private List<JobFuture<Place>> submitAll(
      ProcessPool pool, int jobs, String what, String name, int count) {
    List<JobFuture<Place>> futures = new ArrayList<>();
    for (int i = 0; i < jobs; i++) {
      futures.add(submit(pool, what, name, count));
    }
    return futures;
  }

  private void awaitStarts(String name, int count) {
    await().atMost(LIMIT).until(() -> starts(name) >= count);
  }

  private int starts(String name) {
    String[] files = directory.resolve(name).toFile().list();
    return files == null ? 0 : files.length;
  }

  private static Place place(JobFuture<Place> future) throws Exception {
    return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  private static <E extends Throwable> E failure(JobFuture<?> future, Class<E> kind)
      throws Exception {
    try {
      Object result = future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
      throw new AssertionError("it should have failed, but is " + result);
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(kind);
      return kind.cast(e.getCause());
    }
  }

  static boolean serves(WorkerInfo worker) {
    return worker.state() == WorkerInfo.State.READY || worker.state() == WorkerInfo.State.BUSY;
  }

  @Test
  void aWorkerRunsAsManyJobsAtATimeAsItHasSlotsEachWithAHandlerOfItsOwn() throws Exception {
    try (ProcessPool pool = small(4).build()) {
      List<Place> first = new ArrayList<>();
      for (JobFuture<Place> each : submitAll(pool, 4, "meet", "first", 4)) {
        first.add(place(each));
      }
      assertThat(first).extracting(Place::pid).containsOnly(first.get(0).pid());
      assertThat(first).extracting(Place::slot).containsExactlyInAnyOrder(0, 1, 2, 3);
      assertThat(first).extracting(Place::instance).doesNotHaveDuplicates();
      List<JobFuture<Place>> second = submitAll(pool, 4, "meet", "second", 5);
      awaitStarts("second", 4);
      JobFuture<Place> waiting = submit(pool, "meet", "second", 0);
      assertThat(pool.stats().running()).isEqualTo(4);
      assertThat(pool.stats().queued()).isEqualTo(1);
      Files.createFile(directory.resolve("second/enough"));
      for (JobFuture<Place> each : second) {
        assertThat(first).contains(place(each));
      }
      assertThat(first).contains(place(waiting));
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void aPoolHasAsManyWorkersAsItsJobsTakeSlots() throws Exception {
    try (ProcessPool pool = small(3).workers(4).minWorkers(0).build()) {
      List<JobFuture<Place>> jobs = submitAll(pool, 5, "meet", "all", 5);
      Set<Long> pids = new HashSet<>();
      for (JobFuture<Place> each : jobs) {
        pids.add(place(each).pid());
      }
      assertThat(pids).hasSize(2);
      assertThat(pool.stats().started()).isEqualTo(2);
    }
  }

  @Test
  void aDeathCostsTheJobsOfItsWorkersSlotsAndTheOthersRunOnce() throws Exception {
    try (ProcessPool pool = small(3).build()) {
      List<JobFuture<Place>> running = submitAll(pool, 2, "wait", "running", 0);
      awaitStarts("running", 2);
      running.add(submit(pool, "halt", "running", 4));
      awaitStarts("running", 3);
      List<JobFuture<Place>> others = submitAll(pool, 6, "sleep", "others", 1);
      Files.createFile(directory.resolve("running/now"));
      Set<Long> lost = new HashSet<>();
      for (JobFuture<Place> each : running) {
        WorkerLostException thrown = failure(each, WorkerLostException.class);
        assertThat(thrown.exitCode()).hasValue(3);
        assertThat(thrown.finished()).isFalse();
        lost.add(thrown.workerPid().orElseThrow());
      }
      assertThat(lost).hasSize(1);
      for (JobFuture<Place> each : others) {
        assertThat(lost).doesNotContain(place(each).pid());
        assertThat(each.report().attempt()).isEqualTo(1);
      }
      assertThat(starts("others")).isEqualTo(6);
      assertThat(pool.stats().lost()).isEqualTo(1);
    }
  }

  /** What is done with a pool, and to be found of it. */
  private interface Round {
    void run(ProcessPool pool) throws Exception;
  }

  /**
   * A job that heeds its interrupt has 200 ms for that, and on a busy machine it may be kept from
   * it for longer. Then its worker is killed, and the round counts for nothing.
   */
  private void inARoundWithoutALoss(int slots, Round round) throws Exception {
    Path all = directory;
    for (int rounds = 1; ; rounds++) {
      directory = Files.createDirectory(all.resolve("round" + rounds));
      try (ProcessPool pool = small(slots).build()) {
        try {
          round.run(pool);
          assertThat(pool.stats().lost()).isZero();
          return;
        } catch (Exception | AssertionError e) {
          if (pool.stats().lost() == 0 || rounds == MAX_ROUNDS) {
            throw e;
          }
        }
      }
    }
  }

  @Test
  void aCancelledJobThatHeedsItLeavesItsNeighboursAlone() throws Exception {
    inARoundWithoutALoss(
        3,
        pool -> {
          List<JobFuture<Place>> neighbours = submitAll(pool, 2, "meet", "neighbours", 3);
          for (int i = 1; i <= 5; i++) {
            JobFuture<Place> cancelled = submit(pool, "wait", "cancelled", 0);
            awaitStarts("cancelled", i);
            assertThat(cancelled.cancel(true)).isTrue();
            assertThatThrownBy(cancelled::join).isInstanceOf(CancellationException.class);
          }
          awaitStarts("neighbours", 2);
          Files.createFile(directory.resolve("neighbours/enough"));
          long pid = place(neighbours.get(0)).pid();
          assertThat(place(neighbours.get(1)).pid()).isEqualTo(pid);
          assertThat(place(submit(pool, "sleep", "next", 1)).pid()).isEqualTo(pid);
          assertThat(pool.stats().cancelled()).isEqualTo(5);
        });
  }

  @Test
  void aJobThatHeedsItsDeadlineTimesOutAndLeavesItsNeighboursAlone() throws Exception {
    inARoundWithoutALoss(
        2,
        pool -> {
          JobFuture<Place> neighbour = submit(pool, "meet", "neighbour", 2);
          awaitStarts("neighbour", 1);
          Duration limit = Duration.ofMillis(200);
          JobTimeoutException late =
              failure(
                  submit(pool, "wait", "late", 0, JobOptions.timeout(limit)),
                  JobTimeoutException.class);
          assertThat(late.deadline()).isEqualTo(JobTimeoutException.Deadline.RUN);
          assertThat(late.runTime()).isGreaterThanOrEqualTo(limit);
          Files.createFile(directory.resolve("neighbour/enough"));
          long pid = place(neighbour).pid();
          assertThat(late.workerPid()).hasValue(pid);
          assertThat(place(submit(pool, "sleep", "next", 1)).pid()).isEqualTo(pid);
        });
  }

  @Test
  void aJobThatIgnoresInterruptsIsKilledAtItsDeadlineAndItsNeighboursAreLostOrRetried()
      throws Exception {
    try (ProcessPool pool = small(3).build()) {
      JobFuture<Place> lost = submit(pool, "wait", "lost", 0);
      JobFuture<Place> retried = submit(pool, "once", "retried", 0, JobOptions.retries(1));
      awaitStarts("lost", 1);
      awaitStarts("retried", 1);
      JobTimeoutException late =
          failure(
              submit(pool, "spin", "late", 0, JobOptions.timeout(Duration.ofMillis(200))),
              JobTimeoutException.class);
      assertThat(late.deadline()).isEqualTo(JobTimeoutException.Deadline.RUN);
      WorkerLostException neighbour = failure(lost, WorkerLostException.class);
      assertThat(neighbour.workerPid()).isEqualTo(late.workerPid());
      assertThat(place(retried).pid()).isNotEqualTo(late.workerPid().orElseThrow());
      assertThat(retried.report().attempt()).isEqualTo(2);
      assertThat(pool.stats().retried()).isEqualTo(1);
    }
  }

  @Test
  void aWorkerThatIsReplacedAfterItsJobsEndsThemFirst() throws Exception {
    try (ProcessPool pool = small(3).maxJobsPerWorker(5).build()) {
      List<JobFuture<Place>> jobs = submitAll(pool, 23, "sleep", "all", 20);
      List<Place> places = new ArrayList<>();
      for (JobFuture<Place> each : jobs) {
        places.add(place(each));
        assertThat(each.report().attempt()).isEqualTo(1);
      }
      Map<Long, Long> jobsOf =
          places.stream()
              .map(Place::pid)
              .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
      assertThat(jobsOf.values()).allMatch(count -> count <= 5);
      assertThat(pool.stats().lost()).isZero();
    }
    assertThat(starts("all")).isEqualTo(23);
  }

  @Test
  void aRecycledWorkerGoesWhenTheJobsOfAllItsSlotsAreDone() throws Exception {
    try (ProcessPool pool = small(2).build()) {
      List<JobFuture<Place>> jobs = submitAll(pool, 2, "meet", "held", 3);
      awaitStarts("held", 2);
      pool.recycle();
      await().atMost(LIMIT).until(() -> pool.stats().started() == 2);
      JobFuture<Place> later = submit(pool, "sleep", "later", 1);
      long replacement = place(later).pid();
      Files.createFile(directory.resolve("held/enough"));
      for (JobFuture<Place> each : jobs) {
        assertThat(place(each).pid()).isNotEqualTo(replacement);
      }
      long old = place(jobs.get(0)).pid();
      await().atMost(LIMIT).until(() -> ProcessHandle.of(old).isEmpty());
      assertThat(pool.stats().lost()).isZero();
    }
  }

  @Test
  void closeWaitsForTheJobsOfAllSlotsAndRunsTheirStopHooks() throws Exception {
    Set<String> lines = ConcurrentHashMap.newKeySet();
    List<JobFuture<Place>> jobs = new ArrayList<>();
    try (ProcessPool pool = small(3).onOutput((pid, line) -> lines.add(line)).build()) {
      jobs.addAll(submitAll(pool, 3, "meet", "first", 3));
      jobs.addAll(submitAll(pool, 10, "sleep", "more", 20));
    }
    assertThat(jobs).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
    long pid = place(jobs.get(0)).pid();
    assertThat(ProcessHandle.of(pid)).isEmpty();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(lines)
                    .containsExactlyInAnyOrder(
                        "stopped on forkyard-job-0",
                        "stopped on forkyard-job-1",
                        "stopped on forkyard-job-2"));
  }

  @Test
  void shutdownNowCancelsTheJobsOfAllSlots() {
    ProcessPool pool = small(3).build();
    List<JobFuture<Place>> jobs = submitAll(pool, 5, "wait", "all", 0);
    awaitStarts("all", 3);
    List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
    pool.shutdownNow();
    assertThat(jobs)
        .allSatisfy(job -> assertThatThrownBy(job::join).isInstanceOf(CancellationException.class));
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    assertThat(starts("all")).isEqualTo(3);
  }

  @Test
  void aBroadcastRunsOnceOnEachWorker() throws Exception {
    try (ProcessPool pool = small(3).workers(2).build()) {
      await()
          .atMost(LIMIT)
          .until(() -> pool.workers().stream().filter(SlotsTest::serves).count() == 2);
      Order order = new Order("sleep", directory.resolve("all").toString(), 1);
      List<JobFuture<Place>> futures = pool.broadcast(Obey.class, order);
      Set<Long> pids = new HashSet<>();
      for (JobFuture<Place> each : futures) {
        pids.add(place(each).pid());
      }
      assertThat(futures).hasSize(2);
      assertThat(pids).hasSize(2);
      assertThat(starts("all")).isEqualTo(2);
    }
  }

  @Test
  void whatJobsThatRunBesideEachOtherSendIsHeardByTheirOwnListeners() throws Exception {
    int messages = 1_000;
    try (ProcessPool pool = small(4).build()) {
      Map<Integer, List<String>> heard = new ConcurrentHashMap<>();
      List<JobFuture<Place>> jobs = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        List<String> mine = new ArrayList<>();
        heard.put(i, mine);
        JobOptions listening = NONE.withListener(String.class, mine::add);
        jobs.add(submit(pool, "say", "all", messages, listening));
      }
      for (int i = 0; i < jobs.size(); i++) {
        place(jobs.get(i));
        long jobId = jobs.get(i).jobId();
        assertThat(heard.get(i)).hasSize(messages).first().isEqualTo(jobId + " 0");
        assertThat(heard.get(i)).last().isEqualTo(jobId + " " + (messages - 1));
      }
    }
  }

  @Test
  void whatCancelledJobsStillSendIsNoFaultOfTheirWorker() throws Exception {
    int each = 200;
    inARoundWithoutALoss(
        2,
        pool -> {
          long pid = place(submit(pool, "sleep", "first", 1)).pid();
          // Of answers that nobody asked for a worker may send a thousand.
          for (int i = 1; i <= 8; i++) {
            JobOptions listening = NONE.withListener(String.class, text -> {});
            JobFuture<Place> job = submit(pool, "protest", "cancelled", each, listening);
            awaitStarts("cancelled", i);
            job.cancel(true);
          }
          assertThat(place(submit(pool, "sleep", "next", 1)).pid()).isEqualTo(pid);
        });
  }

  @Test
  void inThisProcessTheyRunBesideEachOtherToo() throws Exception {
    ProcessPool pool = small(3).inProcess().build();
    List<Place> places = new ArrayList<>();
    for (JobFuture<Place> each : submitAll(pool, 3, "meet", "all", 3)) {
      places.add(place(each));
    }
    assertThat(places).extracting(Place::slot).containsExactlyInAnyOrder(0, 1, 2);
    List<JobFuture<Place>> waiting = submitAll(pool, 3, "wait", "waiting", 0);
    awaitStarts("waiting", 3);
    waiting.get(1).cancel(true);
    assertThat(place(submit(pool, "sleep", "next", 1)).slot()).isBetween(0, 2);
    pool.shutdownNow();
    assertThat(waiting).allMatch(JobFuture::isCancelled);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("forkyard-job-")));
  }

  /** Notes that it runs, in a file that outlives its worker. */
  public static final class Note implements JobHandler<String, Long> {
    @Override
    public Long handle(String file, JobContext context) throws Exception {
      long jobId = context.jobId();
      // One write, so that it is there as a whole or not at all.
      Files.writeString(Path.of(file), jobId + "\n", StandardOpenOption.APPEND);
      Thread.sleep(jobId % 5);
      return jobId;
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void workersKilledAtRandomUnderLoadCostTheJobsInTheirSlotsAndNoneRunsTwice() throws Exception {
    Path ledger = Files.createFile(directory.resolve("ledger"));
    AtomicBoolean over = new AtomicBoolean();
    try (ProcessPool pool = small(4).workers(2).queueCapacity(200).build()) {
      await()
          .atMost(LIMIT)
          .until(() -> pool.workers().stream().filter(SlotsTest::serves).count() == 2);
      Thread killer = new Thread(() -> ContractTest.killAtRandom(pool, over));
      killer.start();
      List<JobFuture<Long>> jobs = new ArrayList<>();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CrashMatrixTest.WIDE ? 60 : 5);
      while (System.nanoTime() - end < 0) {
        jobs.add(pool.submit(Note.class, ledger.toString()));
      }
      over.set(true);
      killer.join();
      Set<Long> answered = new HashSet<>();
      int lost = 0;
      for (JobFuture<Long> job : jobs) {
        try {
          answered.add(job.get(LIMIT_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(WorkerLostException.class);
          lost++;
        }
        assertThat(job.report().attempt()).isEqualTo(1);
      }
      PoolStats stats = pool.stats();
      assertThat(stats.submitted()).isEqualTo(jobs.size());
      assertThat(answered).hasSize(jobs.size() - lost);
      assertThat(stats.succeeded()).isEqualTo(answered.size());
      assertThat(stats.failed()).isEqualTo(lost).isLessThanOrEqualTo(4 * stats.lost());
      assertThat(stats.lost()).isPositive();
      List<Long> ran = Files.readAllLines(ledger).stream().map(Long::valueOf).toList();
      assertThat(ran).doesNotHaveDuplicates().containsAll(answered);
    }
  }

  @Test
  void whatAWorkerPrintsIsNobodysWhereSeveralJobsRun() throws IOException {
    Scoreboard board = Scoreboard.create(directory.resolve("board")).withSlots(3);
    WorkerLink.Prepared prepared =
        new WorkerLink.Prepared(new byte[0], board, directory, Instant.EPOCH, 0);
    assertThat(prepared.runningJob()).isZero();
    board.start(1, Scoreboard.run(7, 2), 1);
    assertThat(prepared.runningJob()).isEqualTo(7);
    board.start(2, Scoreboard.run(8, 1), 1);
    assertThat(prepared.runningJob()).isZero();
    board.end(1, Scoreboard.run(7, 2));
    assertThat(prepared.runningJob()).isEqualTo(8);
  }

  @Test
  void aNumberOfSlotsThatCannotBeIsRefusedByNameAndValue() {
    for (int slots : Arrays.asList(0, -1, ProcessPool.MAX_SLOTS + 1)) {
      assertThatThrownBy(() -> small(slots).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("slotsPerWorker must be between 1 and 64, but is " + slots);
    }
  }
}
