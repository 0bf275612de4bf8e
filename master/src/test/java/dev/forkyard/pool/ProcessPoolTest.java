package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.transport.TransportKind;
import dev.forkyard.worker.Codec;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.UseCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The promises of a pool, kept with real processes. */
@Timeout(60)
class ProcessPoolTest {

  @TempDir private Path directory;

  /** A record as input and result. */
  public record Point(int x, int y) {}

  /** Swaps the coordinates. */
  public static final class Swap implements JobHandler<Point, Point> {
    @Override
    public Point handle(Point input, JobContext context) {
      return new Point(input.y(), input.x());
    }
  }

  /** Does what its input says. */
  public static final class Obey implements JobHandler<String, String> {
    @Override
    public String handle(String order, JobContext context) throws Exception {
      String[] words = order.split(" ", 2);
      switch (words[0]) {
        case "throw" -> throw new IllegalStateException(words[1]);
        case "exit" -> System.exit(Integer.parseInt(words[1]));
        case "exit-with-a-hook-that-hangs" -> {
          Thread hook = new Thread(() -> LockSupport.parkNanos(Long.MAX_VALUE));
          Runtime.getRuntime().addShutdownHook(hook);
          System.exit(0);
        }
        case "halt" -> Runtime.getRuntime().halt(Integer.parseInt(words[1]));
        case "crash" -> {
          String self = String.valueOf(ProcessHandle.current().pid());
          new ProcessBuilder("kill", "-SEGV", self).start();
          Thread.sleep(60_000);
        }
        case "kill" -> {
          new ProcessBuilder("kill", "-9", String.valueOf(ProcessHandle.current().pid())).start();
          Thread.sleep(60_000);
        }
        case "oom" -> {
          List<long[]> all = new ArrayList<>();
          while (true) {
            all.add(new long[64 << 20]);
          }
        }
        case "overflow" -> {
          return handle(order, context) + "x";
        }
        case "spin" -> {
          while (true) {
            Thread.onSpinWait();
          }
        }
        case "sleep" -> Thread.sleep(Long.parseLong(words[1]));
        case "print" -> System.out.println(words[1]);
        case "child" -> {
          new ProcessBuilder("sh", "-c", "sleep 1000 & timeout 1000 sleep 1000").start();
          Thread.sleep(600_000);
        }
        case "pid" -> {
          return String.valueOf(ProcessHandle.current().pid());
        }
        case "once" -> {
          Path mark = Path.of(words[1]);
          if (Files.notExists(mark)) {
            Files.createFile(mark);
            Runtime.getRuntime().halt(9);
          }
          return "attempt " + context.attempt();
        }
        default -> {}
      }
      return order;
    }
  }

  private ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).crashDirectory(directory).workerHeapBytes(64 << 20);
  }

  /** Between jobs whose pauses are shorter and longer than that, so that all sleep and spin. */
  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void jobsOfAPoolWhoseThreadsSpinEndAsOthersDo(TransportKind kind) {
    try (ProcessPool pool = small().transport(kind).spinFor(Duration.ofMillis(1)).build()) {
      for (int i = 0; i < 200; i++) {
        String order = "sleep " + i % 4;
        assertThat(pool.submit(Obey.class, order).join()).isEqualTo(order);
      }
      assertThatThrownBy(() -> pool.submit(Obey.class, "halt 7").join())
          .hasCauseInstanceOf(WorkerLostException.class);
      try (Stream<String> results =
          pool.map(Obey.class, Stream.generate(() -> "echo").limit(10_000))) {
        assertThat(results).hasSize(10_000);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void jobsOfEveryTypeRunOverEveryTransport(TransportKind kind) {
    try (ProcessPool pool = small().transport(kind).build()) {
      assertThat(pool.submit(Swap.class, new Point(1, 2)).join()).isEqualTo(new Point(2, 1));
      assertThat(pool.submit(Obey.class, "hello").join()).isEqualTo("hello");
      int six = 6;
      assertThat(pool.submit(() -> six * 7).join()).isEqualTo(42);
      assertThat(pool.submit(() -> (String) null).join()).isNull();
      assertThat(pool.submit(() -> List.of("a", "b")).join()).containsExactly("a", "b");
    }
  }

  @Test
  void futuresThatEndWhileTheyAreCollectedAreAllSeenToEnd() {
    try (ProcessPool pool = ProcessPool.builder().workers(2).name("collected").build()) {
      for (int round = 0; round < 300; round++) {
        CompletableFuture<?>[] futures = new CompletableFuture<?>[1 + round % 20];
        for (int i = 0; i < futures.length; i++) {
          futures[i] = pool.submit(Obey.class, "a");
          for (int turn = 0; turn < (round % 7) * 100; turn++) {
            Thread.onSpinWait();
          }
        }
        // They can't see who comes so.
        assertThat(CompletableFuture.anyOf(futures)).succeedsWithin(10, TimeUnit.SECONDS);
        assertThat(CompletableFuture.allOf(futures)).succeedsWithin(10, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void mapKeepsTheOrderOfItsInputsAndUsesAllWorkers() {
    try (ProcessPool pool = small().build();
        Stream<String> results =
            pool.map(Obey.class, IntStream.range(0, 20_000).mapToObj(i -> "n" + i))) {
      List<String> expected = IntStream.range(0, 20_000).mapToObj(i -> "n" + i).toList();
      assertThat(results.toList()).isEqualTo(expected);
      assertThat(pool.stats().succeeded()).isEqualTo(20_000);
      assertThat(pool.workers()).hasSize(2);
    }
  }

  @Test
  void mapEndsAtTheFirstFailureAndMapOutcomesDoesNot() {
    List<String> inputs = List.of("a", "throw b", "c");
    try (ProcessPool pool = small().build()) {
      assertThatThrownBy(() -> pool.map(Obey.class, inputs).toList())
          .isInstanceOf(JobFailedException.class)
          .hasMessageContaining("IllegalStateException: b");
      assertThat(pool.mapOutcomes(Obey.class, inputs).map(JobOutcome::ok).toList())
          .containsExactly(true, false, true);
    }
  }

  /** Throws what is no exception, in the master. */
  public static final class BadCodec implements Codec<String> {
    @Override
    public byte[] encode(String value) {
      if (value.equals("bad input")) {
        throw new AssertionError(value);
      }
      return value.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String decode(byte[] bytes) {
      String value = new String(bytes, StandardCharsets.UTF_8);
      if (value.equals("bad result")) {
        throw new AssertionError(value);
      }
      return value;
    }
  }

  /** Answers with what it is told; its input is never decoded by the bad codec. */
  @UseCodec(input = BadInputCodec.class, output = BadCodec.class)
  public static final class BadlyCoded implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      return input;
    }
  }

  /** Encodes as {@link BadCodec} does, and decodes everything. */
  public static final class BadInputCodec implements Codec<String> {
    @Override
    public byte[] encode(String value) {
      return new BadCodec().encode(value);
    }

    @Override
    public String decode(byte[] bytes) {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  @Test
  void aCodecThatThrowsAnErrorFailsItsJobAndEndsTheStream() {
    try (ProcessPool pool = small().workers(1).build()) {
      JobFailedException output =
          failure(pool.submit(BadlyCoded.class, "bad result"), JobFailedException.class);
      assertThat(output.stage()).isEqualTo(JobFailedException.Stage.OUTPUT);
      assertThat(output.getCause()).isInstanceOf(AssertionError.class);
      JobFailedException input =
          failure(pool.submit(BadlyCoded.class, "bad input"), JobFailedException.class);
      assertThat(input.stage()).isEqualTo(JobFailedException.Stage.INPUT);
      List<String> inputs = List.of("a", "bad result", "c");
      assertThatThrownBy(() -> pool.map(BadlyCoded.class, inputs).toList())
          .isInstanceOf(JobFailedException.class);
      assertThat(pool.mapOutcomes(BadlyCoded.class, inputs).map(JobOutcome::ok).toList())
          .containsExactly(true, false, true);
    }
  }

  @Test
  void anExceptionFailsItsJobWithTheWorkersStackAndTheWorkerLivesOn() {
    try (ProcessPool pool = small().workers(1).build()) {
      String pid = pool.submit(Obey.class, "pid").join();
      JobFailedException failure =
          failure(pool.submit(Obey.class, "throw no"), JobFailedException.class);
      assertThat(failure.errorClass()).isEqualTo("java.lang.IllegalStateException");
      assertThat(failure.remoteStack()).contains("ProcessPoolTest$Obey.handle");
      assertThat(failure.getCause()).hasMessageContaining("ProcessPoolTest$Obey.handle");
      assertThat(pool.submit(Obey.class, "pid").join()).isEqualTo(pid);
    }
  }

  @Test
  void eachDeathIsToldApartAndCostsOneJob() {
    try (ProcessPool pool = small().workers(1).build()) {
      WorkerLostException exit =
          failure(pool.submit(Obey.class, "exit 3"), WorkerLostException.class);
      assertThat(exit.exitCode()).hasValue(3);
      assertThat(exit.outOfMemory()).isFalse();
      assertThat(exit.workerPid()).isPresent();
      WorkerLostException kill =
          failure(pool.submit(Obey.class, "kill"), WorkerLostException.class);
      assertThat(kill.signal()).hasValue("SIGKILL");
      assertThat(kill.exitCode()).isEmpty();
      WorkerLostException coded =
          failure(pool.submit(Obey.class, "exit 137"), WorkerLostException.class);
      assertThat(coded.signal()).isEmpty();
      assertThat(coded.exitCode()).hasValue(137);
      WorkerLostException memory =
          failure(pool.submit(Obey.class, "oom"), WorkerLostException.class);
      assertThat(memory.outOfMemory()).as(memory.outputTail()).isTrue();
      JobFailedException stack =
          failure(pool.submit(Obey.class, "overflow"), JobFailedException.class);
      assertThat(stack.errorClass()).isEqualTo("java.lang.StackOverflowError");
      assertThat(pool.submit(Obey.class, "still here").join()).isEqualTo("still here");
      assertThat(pool.stats().failed()).isEqualTo(5);
    }
  }

  @Test
  void aCrashReportOfAnEarlierProcessWithTheSameIdIsNotTheWorkers() throws IOException {
    try (ProcessPool pool = small().workers(1).build()) {
      plantOldReport(pool);
      WorkerLostException exit =
          failure(pool.submit(Obey.class, "halt 5"), WorkerLostException.class);
      assertThat(exit.crashReport()).isEmpty();
      assertThat(exit.exitCode()).hasValue(5);
      plantOldReport(pool);
      WorkerLostException kill =
          failure(pool.submit(Obey.class, "kill"), WorkerLostException.class);
      assertThat(kill.crashReport()).isEmpty();
      assertThat(kill.signal()).hasValue("SIGKILL");
    }
  }

  @Test
  void aCrashReportInThePlaceOfAnOldOneIsTheWorkers() throws IOException {
    try (ProcessPool pool = small().workers(1).build()) {
      Path report = plantOldReport(pool);
      WorkerLostException crash =
          failure(pool.submit(Obey.class, "crash"), WorkerLostException.class);
      assertThat(crash.crashReport()).hasValue(report);
      assertThat(crash.signal()).hasValue("SIGSEGV");
    }
  }

  /** Where the worker that runs the next job would write its own. */
  private Path plantOldReport(ProcessPool pool) throws IOException {
    String pid = pool.submit(Obey.class, "pid").join();
    Path report = directory.resolve("forkyard-hs_err_pid" + pid + ".log");
    Files.writeString(report, "#  SIGBUS (0x7) at pc=0x1\n");
    Files.setLastModifiedTime(report, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    return report;
  }

  @Test
  void anExitThatHangsInAShutdownHookIsALostJobAllTheSame() {
    try (ProcessPool pool = small().workers(1).build()) {
      failure(pool.submit(Obey.class, "exit-with-a-hook-that-hangs"), WorkerLostException.class);
      assertThat(pool.submit(Obey.class, "next").join()).isEqualTo("next");
    }
  }

  @Test
  void aDeathCostsTheRunningJobAloneAndTheOthersRunOnce() {
    try (ProcessPool pool = small().build()) {
      List<JobFuture<String>> futures = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        futures.add(pool.submit(Obey.class, i % 500 == 250 ? "halt 7" : "n" + i));
      }
      int lost = 0;
      for (int i = 0; i < futures.size(); i++) {
        try {
          assertThat(futures.get(i).join()).isEqualTo("n" + i);
          assertThat(futures.get(i).report().attempt()).isEqualTo(1);
        } catch (CompletionException e) {
          assertThat(e.getCause()).isInstanceOf(WorkerLostException.class);
          assertThat(i % 500).isEqualTo(250);
          lost++;
        }
      }
      assertThat(lost).isEqualTo(4);
    }
  }

  @Test
  void aLostJobIsRunAgainOnlyWhenAskedAndSeesItsAttempt() {
    try (ProcessPool pool = small().build()) {
      String once = "once " + directory.resolve("a");
      assertThat(pool.submit(Obey.class, once, JobOptions.retries(2)).join())
          .isEqualTo("attempt 2");
      WorkerLostException lost =
          failure(
              pool.submit(Obey.class, "once " + directory.resolve("b")), WorkerLostException.class);
      assertThat(lost.attempt()).isEqualTo(1);
      WorkerLostException poison =
          failure(
              pool.submit(Obey.class, "halt 1", JobOptions.retries(2)), WorkerLostException.class);
      assertThat(poison.attempt()).isEqualTo(3);
    }
  }

  @Test
  void aDeadlineEndsTheFutureWithADumpAndKillsTheWorkerAlone() throws IOException {
    try (ProcessPool pool = small().build()) {
      // Loads the job's class, which would count as the time of the job.
      pool.broadcast(Obey.class, "warm").forEach(JobFuture::join);
      Path go = directory.resolve("go");
      JobFuture<String> held = pool.submit(MapTest.AwaitFile.class, go.toString());
      JobFuture<String> spin =
          pool.submit(Obey.class, "spin", JobOptions.timeout(Duration.ofSeconds(1)));
      JobTimeoutException timeout = failure(spin, JobTimeoutException.class);
      assertThat(timeout.deadline()).isEqualTo(JobTimeoutException.Deadline.RUN);
      // A busy machine may not give it in the 100 ms that it has.
      timeout
          .threadDump()
          .ifPresent(dump -> assertThat(dump).containsAnyOf("Obey.handle", "the kernel sees"));
      long pid = timeout.workerPid().orElseThrow();
      await().until(() -> ProcessHandle.of(pid).isEmpty());
      Files.createFile(go);
      assertThat(held.join()).isEqualTo(go.toString());
    }
  }

  @Test
  void cancellingARunningJobStopsItsWorkerAndAQueuedOneNeverStarts() {
    try (ProcessPool pool = small().workers(1).build()) {
      JobFuture<String> spin = pool.submit(Obey.class, "spin");
      JobFuture<String> queued = pool.submit(Obey.class, "once " + directory.resolve("never"));
      await().until(() -> pool.stats().running() == 1 && pool.workers().get(0).pid() > 0);
      queued.cancel(true);
      spin.cancel(true);
      assertThatThrownBy(spin::join).isInstanceOf(CancellationException.class);
      assertThat(pool.submit(Obey.class, "next").join()).isEqualTo("next");
      assertThat(directory.resolve("never")).doesNotExist();
      assertThat(pool.stats().cancelled()).isEqualTo(2);
    }
  }

  @Test
  void anOrTimeoutReleasesTheJob() {
    try (ProcessPool pool = small().workers(1).build()) {
      JobFuture<String> spin = pool.submit(Obey.class, "spin");
      await().until(() -> pool.stats().running() == 1);
      assertThatThrownBy(() -> spin.orTimeout(200, TimeUnit.MILLISECONDS).join()).isNotNull();
      assertThat(pool.submit(Obey.class, "next").join()).isEqualTo("next");
    }
  }

  @Test
  void closeWaitsForTheJobsAndLeavesNoProcess() {
    ProcessPool pool = small().build();
    JobFuture<String> job = pool.submit(Obey.class, "sleep 300");
    Set<Long> pids = pids(pool);
    pool.close();
    assertThat(job).isCompletedWithValue("sleep 300");
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    assertThatThrownBy(() -> pool.submit(Obey.class, "late"))
        .isInstanceOf(JobRejectedException.class);
    pool.close();
  }

  @Test
  void aDurationTooLongToCountInNanosecondsIsForEver() {
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
    ProcessPool pool = small().workers(1).bootTimeout(longest).build();
    JobOptions options = JobOptions.timeout(longest).withQueueTimeout(longest);
    assertThat(pool.submit(Obey.class, "a", options).join()).isEqualTo("a");
    Set<Long> pids = pids(pool);
    assertThat(pool.close(longest)).isTrue();
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    assertThat(pool.close(Duration.ofSeconds(Long.MIN_VALUE))).isTrue();
  }

  @Test
  void aPoolThatEndsBeforeItsWorkersStartedIsGoneAtOnce() {
    // Each of them would wait 10 s for the end of a process that never was, or was not killed.
    for (int round = 0; round < 10; round++) {
      ProcessPool pool = small().build();
      if (round % 2 == 0) {
        pool.shutdownNow();
      } else {
        pool.close();
      }
      assertThat(pool.workers()).isEmpty();
    }
  }

  @Test
  void aCallbackMayAskThePoolWhereverItsExecutorWouldRunIt() {
    ExecutorService refuses = Executors.newSingleThreadExecutor();
    refuses.shutdownNow();
    for (Executor executor : List.<Executor>of(Runnable::run, refuses)) {
      try (ProcessPool pool = small().workers(1).completionExecutor(executor).build()) {
        assertThat(pool.submit(Obey.class, "sleep 50").thenApply(done -> pool.stats().succeeded()))
            .succeedsWithin(30, TimeUnit.SECONDS)
            .isEqualTo(1L);
      }
    }
  }

  @Test
  void shutdownNowKillsWhatRunsWithAllThatItStarted() throws IOException {
    ProcessPool pool = small().build();
    JobFuture<String> parent = pool.submit(Obey.class, "child");
    JobFuture<String> spin = pool.submit(Obey.class, "spin");
    Set<Long> pids = pids(pool);
    await().until(() -> sleepers(pids).size() >= 3);
    Set<Long> sleepers = sleepers(pids);
    pool.shutdownNow();
    assertThatThrownBy(parent::join).isInstanceOf(CancellationException.class);
    assertThatThrownBy(spin::join).isInstanceOf(CancellationException.class);
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    await().until(() -> sleepers.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty()));
  }

  @Test
  void workersThatCanNotStartBreakThePoolWithTheReason() {
    try (ProcessPool pool = small().jvmOptions(List.of("-Xmx1x")).build()) {
      assertThatThrownBy(() -> pool.submit(Obey.class, "a").join())
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("-Xmx1x");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void bootsThatSomeoneElseKillsDoNotBreakThePool() throws IOException {
    Path java = Files.createDirectories(directory.resolve("bin")).resolve("java");
    Path boots = directory.resolve("boots");
    // One more than the failed boots that break a pool.
    Files.writeString(
        java,
        "#!/bin/sh\necho >> '%s'; [ $(wc -l < '%s') -gt 7 ] || kill -9 $$\nexec '%s' \"$@\"\n"
            .formatted(boots, boots, Path.of(System.getProperty("java.home"), "bin", "java")));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    try (ProcessPool pool = small().workers(1).javaHome(directory).build()) {
      assertThat(pool.submit(Obey.class, "at last").join()).isEqualTo("at last");
      assertThat(Files.readAllLines(boots)).hasSize(8);
    }
  }

  /** A program that needs a pool, to be run in surroundings of its own. */
  public static final class Hello {
    public static void main(String[] args) {
      try (ProcessPool pool = ProcessPool.builder().workers(2).build()) {
        System.out.println(pool.submit(Obey.class, "hello").join());
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fullSharedMemoryKeepsNoWorkerFromItsWork() throws Exception {
    String script =
        "mount -t tmpfs -o size=4k tmpfs /dev/shm || exit 77;"
            + " dd if=/dev/zero of=/dev/shm/fill bs=4k count=1 2>/dev/null; exec \"$@\"";
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Hello.class.getName());
    List<String> command = new ArrayList<>(List.of("unshare", "-Urm", "sh", "-c", script, "sh"));
    command.addAll(java);
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    String said = Files.readString(output);
    assumeThat(exit == 77 || said.startsWith("unshare:")).as(said).isFalse();
    assertThat(said).contains("hello");
    assertThat(exit).isZero();
  }

  @Test
  void whatAJobPrintsReachesTheListenerMarkedWithItsWorker() {
    List<String> lines = java.util.Collections.synchronizedList(new ArrayList<>());
    try (ProcessPool pool = small().onOutput((pid, line) -> lines.add(pid + " " + line)).build()) {
      JobFuture<String> job = pool.submit(Obey.class, "print hello");
      job.join();
      long pid = job.report().workerPid().orElseThrow();
      await().until(() -> lines.contains(pid + " hello"));
    }
  }

  @Test
  void whatAWorkerPrintsAtItsStartReachesTheListenerWhenItRunsAndIsTheReasonWhenItDoesNot() {
    List<String> lines = java.util.Collections.synchronizedList(new ArrayList<>());
    ProcessPool.Builder listening = small().onOutput((pid, line) -> lines.add(line));
    try (ProcessPool pool = listening.jvmOptions(List.of("-showversion")).build()) {
      pool.submit(Obey.class, "a").join();
      await().until(() -> lines.stream().anyMatch(line -> line.contains("version")));
    }
    List<String> none = java.util.Collections.synchronizedList(new ArrayList<>());
    ProcessPool.Builder bogus = small().onOutput((pid, line) -> none.add(line));
    try (ProcessPool pool = bogus.jvmOptions(List.of("-Xbogus")).build()) {
      assertThatThrownBy(() -> pool.submit(Obey.class, "a").join())
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("-Xbogus");
    }
    assertThat(none).isEmpty();
  }

  @Test
  void aFullQueueMakesTheCallerWait() {
    try (ProcessPool pool = small().queueCapacity(10).build()) {
      List<JobFuture<String>> futures = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        futures.add(pool.submit(Obey.class, "n"));
      }
      futures.forEach(JobFuture::join);
      assertThat(pool.stats().succeeded()).isEqualTo(5_000);
    }
  }

  @Test
  void aQueueWithoutLimitClosesAsAnyOther() {
    ProcessPool pool = small().queueCapacity(Integer.MAX_VALUE).build();
    assertThat(pool.submit(Obey.class, "a").join()).isEqualTo("a");
    Set<Long> pids = pids(pool);
    pool.close();
    pool.close();
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
  }

  @Test
  void everyCallerThatWaitsForAPlaceIsToldOfTheEnd() {
    ProcessPool pool = small().workers(1).queueCapacity(1).build();
    JobFuture<String> running = pool.submit(Obey.class, "spin");
    await().until(() -> pool.stats().running() == 1);
    JobFuture<String> queued = pool.submit(Obey.class, "b");
    List<Thread> callers = new ArrayList<>();
    AtomicInteger told = new AtomicInteger();
    for (int i = 0; i < 8; i++) {
      Thread caller =
          new Thread(
              () -> {
                try {
                  pool.submit(Obey.class, "c").join();
                } catch (JobRejectedException | CompletionException | CancellationException e) {
                  told.incrementAndGet();
                }
              });
      caller.start();
      callers.add(caller);
    }
    await().until(() -> callers.stream().allMatch(c -> c.getState() == Thread.State.WAITING));
    pool.shutdownNow();
    await().until(() -> told.get() == 8);
    assertThatThrownBy(running::join).isInstanceOf(CancellationException.class);
    assertThatThrownBy(queued::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void wrongSettingsAreRefusedByNameAndValue() {
    assertThatThrownBy(() -> ProcessPool.builder().workers(0))
        .hasMessage("workers must be at least 1, but is 0");
    assertThatThrownBy(() -> ProcessPool.builder().workers(1).minWorkers(2).build())
        .hasMessage("minWorkers must be at most workers (1), but is 2");
    assertThatThrownBy(() -> ProcessPool.builder().bootTimeout(Duration.ofSeconds(-1)))
        .hasMessageContaining("bootTimeout must be more than zero");
    assertThatThrownBy(() -> ProcessPool.builder().spinFor(Duration.ofSeconds(2)))
        .hasMessage("spinFor must be between PT0S and PT1S, but is PT2S");
  }

  private static Set<Long> pids(ProcessPool pool) {
    await().until(() -> pool.workers().stream().allMatch(w -> w.pid() > 0));
    Set<Long> pids = new HashSet<>();
    pool.workers().forEach(worker -> pids.add(worker.pid()));
    return pids;
  }

  private static Set<Long> sleepers(Set<Long> pids) {
    Set<Long> found = new HashSet<>();
    for (long pid : pids) {
      ProcessHandle.of(pid).ifPresent(p -> p.descendants().forEach(d -> found.add(d.pid())));
    }
    return found;
  }

  private static <E extends Throwable> E failure(JobFuture<?> future, Class<E> kind) {
    try {
      Object value = future.join();
      throw new AssertionError("a failure was expected, but the result is " + value);
    } catch (CompletionException e) {
      assertThat(e.getCause()).isInstanceOf(kind);
      return kind.cast(e.getCause());
    }
  }
}
