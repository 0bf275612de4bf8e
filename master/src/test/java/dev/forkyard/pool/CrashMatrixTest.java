package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.Codec;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.UseCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every way for a job or its worker to end, at every moment of a job: it ends with the right error,
 * within its time, and the pool goes on. All share one pool, so that each finds it as the one
 * before left it.
 */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@EnabledOnOs(OS.LINUX)
class CrashMatrixTest {

  /** All moments for all endings take minutes; the profile wide-crashes asks for them. */
  static final boolean WIDE = Boolean.getBoolean("forkyard.crashes.wide");

  private static final int LARGE = 48 << 20;

  private Path directory;
  private ProcessPool pool;

  /** When in the life of a job. */
  public enum Moment {
    RECEIVING,
    DECODING,
    RUNNING,
    ENCODING,
    SENDING,
    IDLE
  }

  /** What happens, and when. */
  record Order(Ending ending, Moment moment) {}

  /** Does nothing but what it is told, at the moment that it is told. */
  @UseCodec(input = OrderCodec.class, output = ResultCodec.class)
  public static final class Doomed implements JobHandler<Order, String> {

    static volatile byte[] ballast;

    @Override
    public String handle(Order order, JobContext context) throws Exception {
      Thread job = Thread.currentThread();
      switch (order.moment) {
        case RUNNING -> order.ending.happen();
        case RECEIVING -> {
          long before = usedBytes();
          start(order.ending, () -> usedBytes() - before > LARGE / 2);
        }
        case SENDING -> {
          takeMostOfTheHeap(order.ending);
          // Where that was missed it happens soon after, and not while another job is sent.
          start(
              order.ending,
              () -> isIn(job, "MasterChannel", "write") || isIn(job, "Orders", "take"));
          return "large";
        }
        case IDLE -> start(order.ending, () -> isIn(job, "Orders", "take"));
        case ENCODING -> {
          return "encode " + order.ending;
        }
        default -> {}
      }
      return "done";
    }

    /** To take all of it from here on would last longer than to send the result. */
    private static void takeMostOfTheHeap(Ending ending) {
      if (ending == Ending.HEAP) {
        ballast = new byte[LARGE];
      }
    }

    /** What is received lies in an array, which grows as it comes. */
    private static long usedBytes() {
      return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private interface Condition {
      boolean holds();
    }

    private static void start(Ending ending, Condition when) {
      Thread thread =
          new Thread(
              () -> {
                while (!when.holds()) {
                  Thread.onSpinWait();
                }
                try {
                  ending.happen();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    private static boolean isIn(Thread thread, String type, String method) {
      return Arrays.stream(thread.getStackTrace())
          .anyMatch(
              frame -> frame.getClassName().endsWith(type) && frame.getMethodName().equals(method));
    }
  }

  /** Its decoding may be where it ends. */
  public static final class OrderCodec implements Codec<Order> {
    @Override
    public byte[] encode(Order order) {
      return (order.ending + " " + order.moment).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public Order decode(byte[] bytes) throws Exception {
      String[] words = new String(bytes, StandardCharsets.US_ASCII).split(" ");
      Order order = new Order(Ending.valueOf(words[0]), Moment.valueOf(words[1]));
      if (order.moment == Moment.DECODING) {
        order.ending.happen();
      }
      return order;
    }
  }

  /** Its encoding may be where it ends; one result is large. */
  public static final class ResultCodec implements Codec<String> {
    @Override
    public byte[] encode(String result) throws Exception {
      if (result.startsWith("encode ")) {
        Ending.valueOf(result.substring("encode ".length())).happen();
      }
      return result.equals("large") ? new byte[LARGE] : result.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String decode(byte[] bytes) {
      return bytes.length == LARGE ? "large" : new String(bytes, StandardCharsets.US_ASCII);
    }
  }

  @BeforeAll
  void start(@TempDir Path shared) {
    directory = shared;
    pool = small().workers(2).build();
  }

  private ProcessPool.Builder small() {
    return ProcessPool.builder()
        .crashDirectory(directory)
        .workerHeapBytes(160 << 20)
        .jvmOptions(Ending.SMALL)
        .onOutput((pid, line) -> {});
  }

  @AfterAll
  void close() {
    List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
    assertThat(pool.close(Duration.ofSeconds(20))).isTrue();
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
  }

  static Stream<Arguments> endingsOfAJob() {
    List<Arguments> all = new ArrayList<>();
    for (Ending ending : Ending.values()) {
      all.add(Arguments.of(ending, Moment.RUNNING));
      boolean one = ending == Ending.EXCEPTION || ending == Ending.HALT;
      if (WIDE || one) {
        all.add(Arguments.of(ending, Moment.DECODING));
        all.add(Arguments.of(ending, Moment.ENCODING));
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0} while {1} is the right error for that job alone")
  @MethodSource
  void endingsOfAJob(Ending ending, Moment moment) {
    JobFuture<String> neighbour = pool.submit(ProcessPoolTest.Obey.class, "neighbour");
    Order order = new Order(ending, moment);
    JobFuture<String> job = pool.submit(Doomed.class, order, options(ending));
    if (ending.ofTheConnection()) {
      assertThat(neighbour.join()).isEqualTo("neighbour");
      assertWithoutConnection(job, ending);
      return;
    }
    JobException error = error(job);
    if (ending.ofTheProcess()) {
      assertEvidence(error, ending);
    } else {
      assertFailed((JobFailedException) error, ending, moment);
    }
    assertThat(error.attempt()).isEqualTo(1);
    assertThat(error.jobId()).isPositive();
    assertThat(neighbour.join()).isEqualTo("neighbour");
    assertGoesOn(error, ending.survived());
  }

  /** The job ended well, and what it answered is found in the memory that both have mapped. */
  private void assertWithoutConnection(JobFuture<String> job, Ending ending) {
    job.exceptionally(error -> "lost").join();
    if (ending == Ending.SOCKET) {
      assertThat(job.join()).isIn("done", "encode SOCKET");
    } else if (job.isCompletedExceptionally()) {
      // A JVM that can't read its own files any more may crash before it has an answer.
      assertThat(error(job)).isInstanceOf(WorkerLostException.class);
    }
    long pid = job.report().workerPid().orElseThrow();
    await().until(() -> ProcessHandle.of(pid).isEmpty());
    assertGoesOn(null, true);
  }

  /** What stops without ending needs a deadline. */
  private static JobOptions options(Ending ending) {
    return ending == Ending.STOP
        ? JobOptions.timeout(Duration.ofMillis(800))
        : JobOptions.defaults();
  }

  private static void assertFailed(JobFailedException failed, Ending ending, Moment moment) {
    assertThat(failed.stage())
        .isEqualTo(
            switch (moment) {
              case DECODING -> JobFailedException.Stage.INPUT;
              case ENCODING -> JobFailedException.Stage.OUTPUT;
              default -> JobFailedException.Stage.RUN;
            });
    assertThat(failed.outOfMemory())
        .isEqualTo(ending == Ending.DIRECT_MEMORY || ending == Ending.THREADS);
    assertThat(failed.remoteStack()).contains("Ending.");
  }

  private static void assertEvidence(JobException error, Ending ending) {
    if (ending == Ending.STOP) {
      assertThat(error).isInstanceOf(JobTimeoutException.class);
      assertThat(((JobTimeoutException) error).deadline())
          .isEqualTo(JobTimeoutException.Deadline.RUN);
      return;
    }
    WorkerLostException lost = (WorkerLostException) error;
    assertThat(lost.finished()).isFalse();
    assertThat(lost.outOfMemory()).isEqualTo(ending == Ending.HEAP || ending == Ending.METASPACE);
    switch (ending) {
      case EXIT -> assertThat(lost.exitCode()).hasValue(3);
      case HALT -> assertThat(lost.exitCode()).hasValue(4);
      case KILL -> assertThat(lost.signal()).hasValue("SIGKILL");
      case CRASH -> {
        assertThat(lost.signal()).hasValue("SIGSEGV");
        assertThat(lost.crashReport()).isPresent();
        assertThat(lost.crashReportHead()).contains("SIGSEGV").contains("Problematic frame");
      }
      default -> assertThat(lost.outputTail()).contains("OutOfMemoryError");
    }
    assertThat(lost.runTime()).isPositive();
    assertThat(lost.workerPid()).isPresent();
  }

  static Stream<Arguments> endingsAfterAJob() {
    List<Arguments> all = new ArrayList<>();
    for (Ending ending : Ending.values()) {
      if (ending.ofTheProcess() || ending.ofTheConnection()) {
        // To fill the metaspace takes longer than to send the result.
        if (WIDE ? ending != Ending.METASPACE : ending == Ending.KILL) {
          all.add(Arguments.of(ending, Moment.SENDING));
        }
        if (WIDE || ending == Ending.EXIT || ending == Ending.DESCRIPTORS) {
          all.add(Arguments.of(ending, Moment.IDLE));
        }
      }
    }
    all.add(Arguments.of(Ending.ERROR, Moment.IDLE));
    return all.stream();
  }

  @ParameterizedTest(name = "{0} while {1}, after the job, costs nobody else anything")
  @MethodSource
  void endingsAfterAJob(Ending ending, Moment moment) throws Exception {
    boolean inTime = false;
    // It may come too late: the thread that waits for the moment shares its cores with others.
    for (int round = 0; round < 20 && !inTime; round++) {
      inTime = endsAfterAJob(ending, moment);
      assertGoesOn(null, true);
    }
    assertThat(inTime).isTrue();
  }

  private boolean endsAfterAJob(Ending ending, Moment moment) throws Exception {
    long lostBefore = pool.stats().lost();
    JobFuture<String> job = pool.submit(Doomed.class, new Order(ending, moment));
    boolean inTime = true;
    if (moment == Moment.SENDING) {
      inTime = isLostWhileItsResultIsSent(job);
    } else {
      assertThat(job.get(30, TimeUnit.SECONDS)).isEqualTo("done");
    }
    if (ending.ofTheProcess()) {
      await().atMost(Duration.ofSeconds(20)).until(() -> pool.stats().lost() > lostBefore);
    }
    if (ending.ofTheConnection()) {
      awaitEndOfWhoHasNoConnection(job.report().workerPid().orElseThrow());
    }
    return inTime;
  }

  private static boolean isLostWhileItsResultIsSent(JobFuture<String> job) throws Exception {
    try {
      assertThat(job.get(30, TimeUnit.SECONDS)).isEqualTo("large");
      return false;
    } catch (ExecutionException e) {
      WorkerLostException lost = (WorkerLostException) e.getCause();
      assertThat(lost.finished()).as(lost.getMessage()).isTrue();
      return true;
    }
  }

  /** It finds out by its next answer, which is not lost with it, unless its JVM crashes before. */
  private void awaitEndOfWhoHasNoConnection(long pid) {
    await()
        .until(
            () -> {
              // As many as there are workers, so that it has one of them.
              List<JobFuture<String>> jobs = new ArrayList<>();
              for (int i = 0; i < 2; i++) {
                jobs.add(pool.submit(ProcessPoolTest.Obey.class, "sleep 50"));
              }
              jobs.forEach(job -> job.exceptionally(lost -> "lost").join());
              return ProcessHandle.of(pid).isEmpty();
            });
  }

  static Stream<Ending> endingsWhileReceiving() {
    return WIDE
        ? Stream.of(Ending.EXIT, Ending.HALT, Ending.CRASH, Ending.HEAP, Ending.DESCRIPTORS)
        : Stream.of(Ending.HALT);
  }

  @ParameterizedTest(name = "{0} while receiving a large input costs no job")
  @MethodSource
  void endingsWhileReceiving(Ending ending) throws Exception {
    boolean inTime = false;
    // It may come too late, as above.
    for (int round = 0; round < 20 && !inTime; round++) {
      inTime = endsWhileReceiving(ending) || !ending.ofTheProcess();
    }
    assertThat(inTime).isTrue();
  }

  private boolean endsWhileReceiving(Ending ending) throws Exception {
    try (ProcessPool one = small().workers(1).build()) {
      JobFuture<String> left = one.submit(Doomed.class, new Order(ending, Moment.RECEIVING));
      assertThat(left.get(30, TimeUnit.SECONDS)).isEqualTo("done");
      JobFuture<Integer> large = one.submit(Length.class, new byte[LARGE]);
      try {
        assertThat(large.get(30, TimeUnit.SECONDS)).isEqualTo(LARGE);
      } catch (ExecutionException tooLate) {
        assertThat(tooLate).hasCauseInstanceOf(WorkerLostException.class);
        return false;
      }
      assertThat(large.report().attempt()).isEqualTo(1);
      boolean elsewhere = !large.report().workerPid().equals(left.report().workerPid());
      assertThat(one.stats().lost()).isLessThanOrEqualTo(1);
      return elsewhere && one.stats().lost() == 1;
    }
  }

  @Test
  void aWorkerStoppedWhileItReceivesALargeInputCostsNoJob() throws Exception {
    try (ProcessPool one = small().workers(1).build()) {
      String pid = one.submit(ProcessPoolTest.Obey.class, "pid").get(30, TimeUnit.SECONDS);
      signal(Long.parseLong(pid), "STOP");
      JobFuture<Integer> large = one.submit(Length.class, new byte[LARGE]);
      assertThat(large.get(40, TimeUnit.SECONDS)).isEqualTo(LARGE);
      assertThat(large.report().attempt()).isEqualTo(1);
      assertThat(large.report().workerPid().orElseThrow()).isNotEqualTo(Long.parseLong(pid));
    }
  }

  @Test
  void aWorkerKilledWhileItReceivesALargeInputCostsNoJob() throws Exception {
    await().until(this::bothReady);
    List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
    // Stopped, so that the input stays under way until it is killed.
    for (long pid : pids) {
      signal(pid, "STOP");
    }
    JobFuture<Integer> large = pool.submit(Length.class, new byte[LARGE]);
    await().until(() -> pool.stats().running() == 1);
    for (long pid : pids) {
      signal(pid, "KILL");
    }
    assertThat(large.get(30, TimeUnit.SECONDS)).isEqualTo(LARGE);
    assertThat(large.report().attempt()).isEqualTo(1);
    assertThat(large.report().workerPid().orElseThrow()).isNotIn(pids);
  }

  /** Counts what it was given. */
  public static final class Length implements JobHandler<byte[], Integer> {
    @Override
    public Integer handle(byte[] input, JobContext context) {
      return input.length;
    }
  }

  /** Ends in the hook that is called when its worker drains. */
  public static final class EndsAtItsEnd implements JobHandler<String, String> {
    private Ending ending = Ending.EXCEPTION;

    @Override
    public String handle(String input, JobContext context) {
      ending = Ending.valueOf(input);
      return input;
    }

    @Override
    public void stop() throws Exception {
      ending.happen();
    }
  }

  static Stream<Ending> endingsWhileDraining() {
    return WIDE ? Stream.of(Ending.values()) : Stream.of(Ending.EXCEPTION, Ending.KILL);
  }

  @ParameterizedTest(name = "{0} while draining does not keep the pool from closing")
  @MethodSource
  void endingsWhileDraining(Ending ending) {
    ProcessPool draining = small().workers(1).build();
    JobFuture<String> job = draining.submit(EndsAtItsEnd.class, ending.name());
    assertThat(job.join()).isEqualTo(ending.name());
    long pid = job.report().workerPid().orElseThrow();
    assertThat(draining.close(Duration.ofSeconds(30))).isTrue();
    assertThat(ProcessHandle.of(pid)).isEmpty();
  }

  @Test
  void workersThatDieWhileTheyBootCostNoJob() throws Exception {
    Path java = Files.createDirectories(directory.resolve("bin")).resolve("java");
    Path boots = directory.resolve("boots");
    String script =
        """
        #!/bin/sh
        echo >> '%s'
        case $(wc -l < '%s') in
          1) exit 1 ;;
          2) kill -KILL $$ ;;
          3) kill -SEGV $$ ;;
          4) kill -STOP $$ ;;
        esac
        exec '%s' "$@"
        """;
    Path real = Path.of(System.getProperty("java.home"), "bin", "java");
    Files.writeString(java, script.formatted(boots, boots, real));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    ProcessPool.Builder booting = small().workers(1).javaHome(directory);
    try (ProcessPool fragile = booting.bootTimeout(Duration.ofSeconds(6)).build()) {
      JobFuture<String> job = fragile.submit(ProcessPoolTest.Obey.class, "at last");
      assertThat(job.get(40, TimeUnit.SECONDS)).isEqualTo("at last");
      assertThat(job.report().attempt()).isEqualTo(1);
      assertThat(Files.readAllLines(boots)).hasSizeGreaterThanOrEqualTo(5);
    }
  }

  private boolean bothReady() {
    return pool.workers().stream().filter(w -> w.state() == WorkerInfo.State.READY).count() == 2;
  }

  private static void signal(long pid, String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
  }

  /** The next jobs succeed, and not on a worker that is gone. */
  private void assertGoesOn(JobException error, boolean survived) {
    List<JobFuture<String>> next = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      next.add(pool.submit(ProcessPoolTest.Obey.class, "next " + i));
    }
    for (int i = 0; i < 4; i++) {
      assertThat(next.get(i).join()).isEqualTo("next " + i);
      if (!survived) {
        assertThat(next.get(i).report().workerPid()).isNotEqualTo(error.workerPid());
      }
    }
    if (!survived) {
      long pid = error.workerPid().orElseThrow();
      await().until(() -> ProcessHandle.of(pid).isEmpty());
    }
  }

  private static JobException error(JobFuture<?> future) {
    try {
      Object value = future.get(30, TimeUnit.SECONDS);
      throw new AssertionError("a failure was expected, but the result is " + value);
    } catch (ExecutionException | CompletionException e) {
      return (JobException) e.getCause();
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("it did not end", e);
    }
  }
}
