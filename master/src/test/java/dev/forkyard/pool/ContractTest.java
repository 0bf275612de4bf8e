package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a pool promises whatever happens, each promise a test, with real processes. The profile
 * wide-crashes tries those that are about chance for longer.
 */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class ContractTest {

  private static final boolean WIDE = CrashMatrixTest.WIDE;

  @TempDir private Path directory;

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20).onOutput((pid, line) -> {});
  }

  private static JobFuture<String> submit(ProcessPool pool, String order) {
    return pool.submit(ProcessPoolTest.Obey.class, order);
  }

  private static <E extends Throwable> E failure(JobFuture<?> future, Class<E> kind)
      throws Exception {
    try {
      throw new AssertionError("it should have failed, but is " + future.get(30, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(kind);
      return kind.cast(e.getCause());
    }
  }

  private static long ready(ProcessPool pool) {
    return pool.workers().stream().filter(w -> w.state() == WorkerInfo.State.READY).count();
  }

  private static void assertGone(List<Long> pids) {
    await().until(() -> pids.stream().allMatch(pid -> ProcessHandle.of(pid).isEmpty()));
  }

  /** As it is here; workers throw another one, of which this program knows nothing. */
  public static final class ProblemAtHome extends RuntimeException {
    /** With a message. */
    public ProblemAtHome(String message) {
      super(message);
    }
  }

  /** Throws what only it has. */
  public static final class Stranger implements JobHandler<String, String> {
    @Override
    public String handle(String message, JobContext context) throws Exception {
      String name = ProblemAtHome.class.getName();
      byte[] code;
      try (InputStream in =
          ProblemAtHome.class.getResourceAsStream("ContractTest$ProblemAtHome.class")) {
        code = in.readAllBytes();
      }
      String text = new String(code, StandardCharsets.ISO_8859_1).replace("AtHome", "Abroad");
      byte[] renamed = text.getBytes(StandardCharsets.ISO_8859_1);
      Class<?> problem =
          new ClassLoader(Stranger.class.getClassLoader()) {
            Class<?> define() {
              return defineClass(name.replace("AtHome", "Abroad"), renamed, 0, renamed.length);
            }
          }.define();
      throw (RuntimeException) problem.getConstructor(String.class).newInstance(message);
    }
  }

  @Test
  void anExceptionOfWhichThisProgramHasNoClassIsToldByItsNameMessageAndStack() throws Exception {
    try (ProcessPool pool = small().workers(1).build()) {
      JobFailedException failed =
          failure(pool.submit(Stranger.class, "no visa"), JobFailedException.class);
      String name = ProblemAtHome.class.getName().replace("AtHome", "Abroad");
      assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
      assertThat(failed.errorClass()).isEqualTo(name);
      assertThat(failed.errorMessage()).isEqualTo("no visa");
      assertThat(failed.getCause()).hasMessageContaining("ContractTest$Stranger.handle");
    }
  }

  @Test
  void workersKilledAtRandomCostTheJobsThatTheyRanAndNoOthers() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ProcessPool pool = small().workers(3).queueCapacity(200).build()) {
      await().until(() -> ready(pool) == 3);
      Thread killer = new Thread(() -> killAtRandom(pool, over));
      killer.start();
      List<JobFuture<String>> jobs = new ArrayList<>();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WIDE ? 60 : 5);
      while (System.nanoTime() - end < 0) {
        jobs.add(submit(pool, "sleep 2"));
      }
      over.set(true);
      killer.join();
      int lost = 0;
      for (JobFuture<String> job : jobs) {
        try {
          assertThat(job.get(30, TimeUnit.SECONDS)).isEqualTo("sleep 2");
        } catch (ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(WorkerLostException.class);
          lost++;
        }
        assertThat(job.report().attempt()).isEqualTo(1);
      }
      PoolStats stats = pool.stats();
      assertThat(stats.submitted()).isEqualTo(jobs.size());
      assertThat(stats.failed()).isEqualTo(lost).isLessThanOrEqualTo(stats.lost());
      assertThat(stats.succeeded()).isEqualTo(jobs.size() - lost);
      assertThat(stats.lost()).isPositive();
      await().until(() -> ready(pool) == 3);
    }
  }

  /** Who boots is let alone, else none would ever be there. */
  static void killAtRandom(ProcessPool pool, AtomicBoolean over) {
    Random random = new Random(7);
    while (!over.get()) {
      List<WorkerInfo> workers = pool.workers().stream().filter(SlotsTest::serves).toList();
      if (!workers.isEmpty()) {
        WorkerInfo one = workers.get(random.nextInt(workers.size()));
        ProcessHandle.of(one.pid()).ifPresent(ProcessHandle::destroyForcibly);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(50);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Greets, is welcome, and dies. */
  public static final class Ephemeral {

    private Ephemeral() {}

    /** Started as a worker is. */
    public static void main(String[] args) throws IOException {
      String[] lines = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\n");
      String socket = lines[1].substring("unix:".length());
      byte[] token = HexFormat.of().parseHex(lines[0]);
      long pid = ProcessHandle.current().pid();
      Frame hello =
          new Frame.Hello(
              FrameCodec.VERSION, token, Long.parseLong(args[0]), pid, "17", 1 << 20, 1);
      ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.sizeOf(hello));
      FrameCodec.write(hello, bytes);
      try (SocketChannel master = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        master.write(bytes.flip());
        master.read(ByteBuffer.allocate(1));
        Runtime.getRuntime().halt(1);
      }
    }
  }

  @Test
  void workersThatDieAsSoonAsTheyAreReadyAreTriedWithPausesAndThenThePoolBreaksLoudly()
      throws Exception {
    Path starts = directory.resolve("starts");
    String script =
        """
        #!/bin/sh
        read up idle < /proc/uptime
        echo "$up" >> '%s'
        for word; do
          shift
          [ "$word" != dev.forkyard.worker.WorkerMain ] || word='%s'
          set -- "$@" "$word"
        done
        exec '%s' "$@"
        """;
    Path home =
        FirstWorker.javaHome(
            directory, script.formatted(starts, Ephemeral.class.getName(), FirstWorker.realJava()));
    List<PoolEvent> broken = Collections.synchronizedList(new ArrayList<>());
    ProcessPool.Builder builder =
        small().workers(1).classDataSharing(false).javaHome(home).onEvent(broken::add);
    try (ProcessPool pool = builder.build()) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                synchronized (broken) {
                  return broken.stream().anyMatch(PoolEvent.PoolBroken.class::isInstance);
                }
              });
      // Not by the clock, which may be set meanwhile.
      List<Double> times = Files.readAllLines(starts).stream().map(Double::valueOf).toList();
      // On a busy machine one may have lived for longer than a second, and not count.
      assertThat(times).hasSizeBetween(6, 9);
      // Pauses double from 100 ms on, and are at least half of that: 50, 100, 200, 400 ms. The
      // fifth
      // is not sure: where a socket's end is seen before the exit, the next start has the pause of
      // the death before.
      assertThat(times.get(times.size() - 1) - times.get(0))
          .as("starts: %s", times)
          .isGreaterThan(0.7);
      failure(submit(pool, "hopeless"), PoolBrokenException.class);
    }
  }

  @Test
  void aDeadlineCountsFromTheStartOfTheJobAndNotFromItsSubmission() throws Exception {
    try (ProcessPool pool = small().workers(1).build()) {
      submit(pool, "warm").get(30, TimeUnit.SECONDS);
      Path go = directory.resolve("go");
      JobFuture<String> busy = pool.submit(MapTest.AwaitFile.class, go.toString());
      Duration limit = Duration.ofMillis(2_500);
      JobFuture<String> job =
          pool.submit(ProcessPoolTest.Obey.class, "late", JobOptions.timeout(limit));
      await().during(limit).atMost(limit.multipliedBy(10)).until(() -> !job.isDone());
      Files.createFile(go);
      assertThat(job.get(30, TimeUnit.SECONDS)).isEqualTo("late");
      assertThat(job.report().totalTime()).isGreaterThan(limit);
      assertThat(busy).isCompletedWithValue(go.toString());
    }
  }

  @Test
  void jobsThatNeverEndTimeOutOneAfterTheOtherAndThePoolIsAsLargeAsBefore() throws Exception {
    try (ProcessPool pool = small().build()) {
      Duration limit = Duration.ofMillis(150);
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < (WIDE ? 100 : 12); i++) {
        jobs.add(pool.submit(ProcessPoolTest.Obey.class, "spin", JobOptions.timeout(limit)));
      }
      List<Long> pids = new ArrayList<>();
      for (JobFuture<String> job : jobs) {
        JobTimeoutException late = failure(job, JobTimeoutException.class);
        assertThat(late.deadline()).isEqualTo(JobTimeoutException.Deadline.RUN);
        assertThat(late.runTime()).isGreaterThanOrEqualTo(limit);
        pids.add(late.workerPid().orElseThrow());
      }
      assertThat(pids).doesNotHaveDuplicates();
      assertGone(pids);
      await().until(() -> ready(pool) == 2);
      assertThat(submit(pool, "next").get(30, TimeUnit.SECONDS)).isEqualTo("next");
    }
  }

  /** The moment of the cancellation stays where about half of the jobs end before it. */
  @Test
  void aCancellationThatRacesWithTheEndOfItsJobHitsNoOther() throws Exception {
    int rounds = WIDE ? 10_000 : 1_000;
    int cancelled = 0;
    long pauseNanos = 100_000;
    try (ProcessPool pool = small().build()) {
      await().until(() -> ready(pool) == 2);
      for (int i = 0; i < rounds; i++) {
        JobFuture<String> raced = submit(pool, "raced");
        JobFuture<String> other = submit(pool, "other " + i);
        for (long start = System.nanoTime(); System.nanoTime() - start < pauseNanos; ) {
          Thread.onSpinWait();
        }
        if (raced.cancel(true)) {
          cancelled++;
          pauseNanos += 2_000;
          assertThatThrownBy(raced::join).isInstanceOf(CancellationException.class);
        } else {
          pauseNanos -= 2_000;
          assertThat(raced.join()).isEqualTo("raced");
        }
        assertThat(other.get(30, TimeUnit.SECONDS)).isEqualTo("other " + i);
        assertThat(other.report().attempt()).isEqualTo(1);
      }
      PoolStats stats = pool.stats();
      // A future may be cancelled when the answer has just come, and the job counts as done.
      assertThat(stats.cancelled()).isLessThanOrEqualTo(cancelled);
      assertThat(stats.succeeded() + stats.cancelled()).isEqualTo(2L * rounds);
      assertThat(cancelled).isBetween(1, rounds - 1);
    }
  }

  /** Does to its standard output what a program may. */
  public static final class Noisy implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws IOException {
      System.out.println("a line");
      OutputStream raw = new FileOutputStream(FileDescriptor.out);
      byte[] all = new byte[1 << 20];
      new Random(1).nextBytes(all);
      raw.write(all);
      raw.write("\nthe end\n".getBytes(StandardCharsets.US_ASCII));
      System.out.close();
      System.err.close();
      return input;
    }
  }

  @Test
  void whateverAJobDoesToItsOutputBreaksNothing() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    ProcessPool.Builder builder =
        small().workers(1).onOutput((pid, line) -> lines.add(pid + " " + line));
    try (ProcessPool pool = builder.build()) {
      JobFuture<String> noisy = pool.submit(Noisy.class, "noisy");
      assertThat(noisy.get(30, TimeUnit.SECONDS)).isEqualTo("noisy");
      long pid = noisy.report().workerPid().orElseThrow();
      await().until(() -> lines.contains(pid + " a line") && lines.contains(pid + " the end"));
      assertThat(submit(pool, "print nowhere").get(30, TimeUnit.SECONDS))
          .isEqualTo("print nowhere");
      assertThat(submit(pool, "pid").get(30, TimeUnit.SECONDS)).isEqualTo("" + pid);
    }
  }

  @Test
  void closeRunsAllThatIsQueued() throws Exception {
    List<JobFuture<String>> jobs = new ArrayList<>();
    try (ProcessPool pool = small().build()) {
      for (int i = 0; i < 200; i++) {
        jobs.add(submit(pool, "sleep 2"));
      }
    }
    assertThat(jobs).allSatisfy(job -> assertThat(job).isCompletedWithValue("sleep 2"));
  }

  @Test
  void closeWithAJobThatNeverEndsReturnsInItsTimeAndLeavesNoProcess() throws Exception {
    ProcessPool pool = small().workers(1).build();
    JobFuture<String> hung = submit(pool, "spin");
    await().until(() -> pool.stats().running() == 1);
    JobFuture<String> queued = submit(pool, "queued");
    List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
    assertThat(pool.close(Duration.ofMillis(300))).isFalse();
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    assertThatThrownBy(hung::join).isInstanceOf(CancellationException.class);
    assertThatThrownBy(queued::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void closeReturnsWhileWorkersCrashAndEveryJobHasEnded() {
    Set<ProcessHandle> others = children();
    ProcessPool pool = small().build();
    List<JobFuture<String>> jobs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      jobs.add(submit(pool, "halt 3"));
    }
    pool.close();
    for (JobFuture<String> job : jobs) {
      assertThat(job).isCompletedExceptionally();
      assertThatThrownBy(job::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(WorkerLostException.class);
    }
    assertThat(children()).isSubsetOf(others);
  }

  /** Also the guard of children that an earlier test had, which lives on for a while. */
  private static Set<ProcessHandle> children() {
    return ProcessHandle.current().children().collect(Collectors.toSet());
  }

  @Test
  void closeReturnsWhereACallbackOfAJobCallsIt() throws Exception {
    ProcessPool pool = small().build();
    JobFuture<String> first = submit(pool, "sleep 50");
    JobFuture<String> second = submit(pool, "sleep 400");
    CompletableFuture<Void> closed = first.thenRun(pool::close);
    closed.get(30, TimeUnit.SECONDS);
    assertThat(second).isCompletedWithValue("sleep 400");
    assertThatThrownBy(() -> submit(pool, "late")).isInstanceOf(JobRejectedException.class);
  }
}
