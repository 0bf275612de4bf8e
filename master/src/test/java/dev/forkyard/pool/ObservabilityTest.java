package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.pool.PoolEvent.PoolBroken;
import dev.forkyard.pool.PoolEvent.PoolReloaded;
import dev.forkyard.pool.PoolEvent.ReloadRolledBack;
import dev.forkyard.pool.PoolEvent.WorkerEnded;
import dev.forkyard.pool.PoolEvent.WorkerReady;
import dev.forkyard.pool.PoolEvent.WorkerRetired;
import dev.forkyard.pool.PoolEvent.WorkerStarting;
import dev.forkyard.pool.ProcessPoolTest.Obey;
import dev.forkyard.process.ForkOptions;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What can be seen of a pool from outside. */
@Timeout(60)
class ObservabilityTest {

  @TempDir private Path directory;

  private final List<PoolEvent> events = new CopyOnWriteArrayList<>();

  private ProcessPool.Builder small() {
    return ProcessPool.builder()
        .name("seen")
        .workers(1)
        .crashDirectory(directory)
        .workerHeapBytes(64 << 20)
        .onEvent(events::add);
  }

  private <E extends PoolEvent> List<E> told(Class<E> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  @Test
  void aWorkersLifeIsToldInOrder() {
    try (ProcessPool pool = small().build()) {
      JobFuture<String> job = pool.submit(Obey.class, "a");
      job.join();
      await().until(() -> told(WorkerReady.class).size() == 1);
      WorkerReady ready = told(WorkerReady.class).get(0);
      assertThat(ready.workerPid()).isEqualTo(job.report().workerPid().orElseThrow());
      assertThat(ready.bootTime()).isPositive();
    }
    await().until(() -> told(WorkerEnded.class).size() == 1);
    assertThat(events)
        .extracting(event -> (Object) event.getClass())
        .containsExactly(
            WorkerStarting.class, WorkerReady.class, WorkerRetired.class, WorkerEnded.class);
    assertThat(events).extracting(PoolEvent::pool).containsOnly("seen");
    WorkerEnded ended = told(WorkerEnded.class).get(0);
    assertThat(ended.lost()).isFalse();
    assertThat(ended.exitCode()).hasValue(0);
    assertThat(ended.workerId()).isEqualTo(told(WorkerStarting.class).get(0).workerId());
  }

  @Test
  void aDeathIsToldWithItsEvidenceAndThenTheNextOneStarts() {
    try (ProcessPool pool = small().build()) {
      long pid = Long.parseLong(pool.submit(Obey.class, "pid").join());
      assertThatThrownBy(() -> pool.submit(Obey.class, "halt 7").join())
          .hasCauseInstanceOf(WorkerLostException.class);
      assertThatThrownBy(() -> pool.submit(Obey.class, "kill").join())
          .hasCauseInstanceOf(WorkerLostException.class);
      await().until(() -> told(WorkerStarting.class).size() == 3);
      WorkerEnded halted = told(WorkerEnded.class).get(0);
      assertThat(halted.lost()).isTrue();
      assertThat(halted.workerPid()).isEqualTo(pid);
      assertThat(halted.exitCode()).hasValue(7);
      assertThat(halted.signal()).isEmpty();
      assertThat(halted.how()).contains("exited with code 7");
      assertThat(halted.age()).isPositive();
      WorkerEnded killed = told(WorkerEnded.class).get(1);
      assertThat(killed.signal()).hasValue("SIGKILL");
      assertThat(killed.exitCode()).isEmpty();
      assertThat(pool.stats().lost()).isEqualTo(2);
    }
  }

  @Test
  void aWorkerThatIsReplacedIsToldToBeRetiredWhenTheNextOneIsReady() {
    try (ProcessPool pool = small().build()) {
      pool.submit(Obey.class, "a").join();
      pool.recycle();
      await().until(() -> told(WorkerEnded.class).size() == 1);
      WorkerRetired retired = told(WorkerRetired.class).get(0);
      List<WorkerReady> ready = told(WorkerReady.class);
      assertThat(retired.workerPid()).isEqualTo(ready.get(0).workerPid());
      assertThat(events.indexOf(retired)).isGreaterThan(events.indexOf(ready.get(1)));
      assertThat(told(WorkerEnded.class).get(0).lost()).isFalse();
    }
  }

  @Test
  void aPoolThatBreaksIsToldOnceWithTheReason() {
    try (ProcessPool pool = small().jvmOptions(List.of("-Xmx1x")).build()) {
      assertThatThrownBy(() -> pool.submit(Obey.class, "a").join())
          .hasCauseInstanceOf(PoolBrokenException.class);
      assertThatThrownBy(() -> pool.submit(Obey.class, "b").join())
          .hasCauseInstanceOf(PoolBrokenException.class);
    }
    await().until(() -> !told(PoolBroken.class).isEmpty());
    assertThat(told(PoolBroken.class))
        .singleElement()
        .satisfies(broken -> assertThat(broken.reason()).contains("-Xmx1x"));
  }

  @Test
  void aReloadIsToldAndOneThatWasRolledBackWithTheReason() {
    try (ProcessPool pool = small().build()) {
      pool.submit(Obey.class, "a").join();
      pool.reload().join();
      await().until(() -> told(PoolReloaded.class).size() == 1);
      assertThat(pool.reload(ForkOptions.ownClassPath(), List.of("-XX:NoSuchFlag=1")))
          .failsWithin(30, TimeUnit.SECONDS)
          .withThrowableThat()
          .havingCause()
          .isInstanceOf(ReloadFailedException.class);
      await().until(() -> told(ReloadRolledBack.class).size() == 1);
      assertThat(told(ReloadRolledBack.class).get(0).reason()).contains("did not start");
    }
  }

  @Test
  void aListenerThatThrowsIsLoggedAndToldOfTheNext() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
    lines.start();
    logger.addAppender(lines);
    try (ProcessPool pool =
        small()
            .onEvent(
                event -> {
                  events.add(event);
                  throw new IllegalStateException("planted in the listener");
                })
            .build()) {
      assertThat(pool.submit(Obey.class, "a").join()).isEqualTo("a");
      await().until(() -> told(WorkerReady.class).size() == 1);
      await()
          .ignoreExceptions()
          .until(
              () ->
                  lines.list.stream()
                      .anyMatch(
                          line -> line.getFormattedMessage().contains("its listener failed at")));
    } finally {
      logger.detachAppender(lines);
    }
  }

  @Test
  void aListenerThatBlocksHoldsUpNoJobAndNoEnd() {
    CountDownLatch released = new CountDownLatch(1);
    AtomicReference<String> thread = new AtomicReference<>();
    ProcessPool pool =
        small()
            .onEvent(
                event -> {
                  thread.set(Thread.currentThread().getName());
                  awaitUninterruptibly(released);
                  events.add(event);
                })
            .build();
    assertThat(pool.submit(Obey.class, "a").join()).isEqualTo("a");
    pool.close();
    assertThat(events).isEmpty();
    await().untilAsserted(() -> assertThat(thread.get()).isEqualTo("seen-events"));
    released.countDown();
    await().until(() -> told(WorkerEnded.class).size() == 1);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theCountsAddUpAtEveryMomentWhileJobsEndInEveryWay() throws Exception {
    try (ProcessPool pool = small().workers(2).build()) {
      AtomicBoolean done = new AtomicBoolean();
      List<PoolStats> wrong = new CopyOnWriteArrayList<>();
      Thread looking =
          new Thread(
              () -> {
                while (!done.get()) {
                  PoolStats now = pool.stats();
                  long sum =
                      now.queued()
                          + now.running()
                          + now.succeeded()
                          + now.failed()
                          + now.cancelled();
                  if (sum != now.submitted()) {
                    wrong.add(now);
                  }
                }
              });
      looking.start();
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        String order = i % 700 == 350 ? "halt 1" : i % 10 == 1 ? "throw x" : "n";
        jobs.add(pool.submit(Obey.class, order));
        if (i % 10 == 2) {
          jobs.get(i).cancel(true);
        }
      }
      for (JobFuture<String> job : jobs) {
        try {
          job.join();
        } catch (CompletionException | java.util.concurrent.CancellationException expected) {
          // As it was told to.
        }
      }
      done.set(true);
      looking.join();
      assertThat(wrong).isEmpty();
      PoolStats end = pool.stats();
      assertThat(end.submitted()).isEqualTo(2_000);
      assertThat(end.succeeded() + end.failed() + end.cancelled()).isEqualTo(2_000);
      assertThat(end.failed()).isPositive();
      assertThat(end.cancelled()).isPositive();
    }
  }

  @Test
  void howLongJobsWaitAndRunIsRecordedWhereThatIsAskedFor() {
    long napNanos = Duration.ofMillis(50).toNanos();
    try (ProcessPool pool = small().recordTimes().build()) {
      assertThat(pool.times().total().getTotalCount()).isZero();
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        jobs.add(pool.submit(Obey.class, "sleep 50"));
      }
      jobs.forEach(JobFuture::join);
      assertThatThrownBy(() -> pool.submit(Obey.class, "throw x").join())
          .hasCauseInstanceOf(JobFailedException.class);
      assertThatThrownBy(() -> pool.submit(Obey.class, "halt 1").join())
          .hasCauseInstanceOf(WorkerLostException.class);
      JobTimes times = pool.times();
      for (Histogram each : List.of(times.waiting(), times.running(), times.total())) {
        assertThat(each.getTotalCount()).isEqualTo(5);
      }
      assertThat(times.running().getValueAtPercentile(50)).isGreaterThan(napNanos * 99 / 100);
      // One after the other: the last one waited for three.
      assertThat(times.waiting().getMaxValue()).isGreaterThan(3 * napNanos * 99 / 100);
      assertThat(times.total().getMaxValue()).isGreaterThan(4 * napNanos * 99 / 100);
      assertThat(times.running().getMinValue()).isLessThan(napNanos);
    }
  }

  @Test
  void timesThatAreNotRecordedAreAnErrorThatSaysWhatToDoAndHarmNobody() {
    try (ProcessPool pool = small().build()) {
      assertThatThrownBy(pool::times)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("pool seen does not record times; build it with recordTimes()");
      assertThat(pool.submit(Obey.class, "a").join()).isEqualTo("a");
    }
  }

  @Test
  void micrometerReadsTheCountsByItsNamesAndByOurs() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (ProcessPool pool = small().recordTimes().queueCapacity(100).build()) {
      new PoolMetrics(pool).bindTo(registry);
      for (int i = 0; i < 3; i++) {
        pool.submit(Obey.class, "sleep 20").join();
      }
      assertThatThrownBy(() -> pool.submit(Obey.class, "halt 1").join())
          .hasCauseInstanceOf(WorkerLostException.class);
      JobFuture<String> spins = pool.submit(Obey.class, "spin");
      JobFuture<String> waits = pool.submit(Obey.class, "waits");
      await().until(() -> registry.get("executor.active").gauge().value() == 1);
      await().until(() -> registry.get("executor.queued").gauge().value() == 1);
      assertThat(registry.get("executor.queue.remaining").gauge().value()).isEqualTo(99);
      assertThat(registry.get("executor.pool.core").gauge().value()).isEqualTo(1);
      assertThat(registry.get("executor.pool.max").gauge().value()).isEqualTo(1);
      assertThat(registry.get("executor.pool.size").tag("name", "seen").gauge().value())
          .isEqualTo(1);
      spins.cancel(true);
      waits.join();
      await().until(() -> counted(registry, "executor.completed") == 6);
      assertThat(counted(registry, "forkyard.jobs.submitted")).isEqualTo(6);
      assertThat(outcome(registry, "succeeded")).isEqualTo(4);
      assertThat(outcome(registry, "failed")).isEqualTo(1);
      assertThat(outcome(registry, "cancelled")).isEqualTo(1);
      assertThat(counted(registry, "forkyard.workers.lost")).isGreaterThanOrEqualTo(1);
      assertThat(counted(registry, "forkyard.workers.started")).isGreaterThanOrEqualTo(2);
      assertThat(counted(registry, "forkyard.jobs.retried")).isZero();
      FunctionTimer ran = registry.get("executor").functionTimer();
      assertThat(ran.count()).isEqualTo(4);
      assertThat(ran.totalTime(TimeUnit.MILLISECONDS)).isGreaterThan(55);
      assertThat(registry.get("executor.idle").functionTimer().count()).isEqualTo(4);
      pool.resize(2);
      await().until(() -> registry.get("executor.pool.max").gauge().value() == 2);
      assertThat(registry.get("executor.pool.core").gauge().value()).isEqualTo(2);
    }
  }

  private static double counted(SimpleMeterRegistry registry, String name) {
    return registry.get(name).functionCounter().count();
  }

  private static double outcome(SimpleMeterRegistry registry, String outcome) {
    return registry.get("forkyard.jobs").tag("outcome", outcome).functionCounter().count();
  }

  @Test
  void theLogSaysOfWhichPoolWorkerAndJobALineIs() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger("dev.forkyard.output");
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    try (ProcessPool pool = small().build()) {
      JobFuture<String> job = pool.submit(() -> printAndWait("planted line"));
      try {
        await().ignoreExceptions().until(() -> lines.list.size() == 1);
      } finally {
        job.cancel(true);
      }
      ILoggingEvent line = lines.list.get(0);
      assertThat(line.getFormattedMessage()).contains("planted line");
      assertThat(line.getMDCPropertyMap())
          .containsEntry("pool", "seen")
          .containsEntry("job", String.valueOf(job.jobId()));
      assertThat(line.getFormattedMessage())
          .contains("[worker " + line.getMDCPropertyMap().get("worker") + "]");
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }

  private static String printAndWait(String line) throws InterruptedException {
    System.out.println(line);
    Thread.sleep(60_000);
    return line;
  }

  @Test
  void theFlightRecorderOfAWorkerHasItsJobs() throws IOException {
    Path file = directory.resolve("worker.jfr");
    try (ProcessPool pool =
        small().jvmOptions(List.of("-XX:StartFlightRecording=filename=" + file)).build()) {
      // Its first look for the recorder may come after the first jobs.
      await()
          .until(
              () -> {
                pool.submit(Obey.class, "sleep 20").join();
                return pool.stats().succeeded() > 20;
              });
      assertThatThrownBy(() -> pool.submit(Obey.class, "throw x").join())
          .hasCauseInstanceOf(JobFailedException.class);
    }
    List<RecordedEvent> jobs = recorded(file, "dev.forkyard.Job");
    assertThat(jobs).hasSizeGreaterThan(1);
    RecordedEvent failed = jobs.get(jobs.size() - 1);
    assertThat(failed.getBoolean("failed")).isTrue();
    assertThat(failed.getInt("attempt")).isEqualTo(1);
    assertThat(failed.getString("handler")).isEqualTo(Obey.class.getName());
    RecordedEvent slept = jobs.get(jobs.size() - 2);
    assertThat(slept.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(19));
    assertThat(slept.getLong("jobId")).isEqualTo(failed.getLong("jobId") - 1);
    assertThat(slept.getBoolean("failed")).isFalse();
    assertThat(slept.getDuration("waited")).isBetween(Duration.ZERO, Duration.ofSeconds(60));
  }

  @Test
  void theFlightRecorderOfThisProgramHasTheWorkers() throws IOException {
    Path file = directory.resolve("master.jfr");
    try (Recording recording = new Recording()) {
      recording.start();
      try (ProcessPool pool = small().build()) {
        assertThatThrownBy(() -> pool.submit(Obey.class, "halt 7").join())
            .hasCauseInstanceOf(WorkerLostException.class);
        await().until(() -> told(WorkerReady.class).size() == 2);
      }
      await().until(() -> told(WorkerEnded.class).size() == 2);
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> starts = recorded(file, "dev.forkyard.WorkerStart");
    List<RecordedEvent> exits = recorded(file, "dev.forkyard.WorkerExit");
    assertThat(starts).hasSize(2);
    assertThat(exits).hasSize(2);
    assertThat(starts.get(0).getDuration("bootTime")).isPositive();
    assertThat(exits.get(0).getString("pool")).isEqualTo("seen");
    assertThat(exits.get(0).getLong("workerPid")).isEqualTo(starts.get(0).getLong("workerPid"));
    assertThat(exits.get(0).getBoolean("lost")).isTrue();
    assertThat(exits.get(0).getString("how")).contains("exited with code 7");
    assertThat(exits.get(1).getBoolean("lost")).isFalse();
  }

  @Test
  void theFlightRecorderOfThisProgramHasHowLongJobsWaitedAndRan() throws IOException {
    Path file = directory.resolve("jobs.jfr");
    // Not one that this JVM recorded before: a text that comes again in a second recording is lost
    // by the flight recorder of Java 17.
    String missing = "example.Missing" + System.nanoTime();
    Path go = directory.resolve("go");
    long slept;
    long held;
    try (Recording recording = new Recording();
        ProcessPool pool = small().build()) {
      recording.start();
      // Its first look for the recorder may come after the first jobs.
      await()
          .until(
              () -> {
                pool.submit(Obey.class, "sleep 20").join();
                return pool.stats().succeeded() > 20;
              });
      JobFuture<String> before = pool.submit(MapTest.AwaitFile.class, go.toString());
      JobFuture<String> behind = pool.submit(Obey.class, "sleep 20");
      long submitted = System.nanoTime();
      await().during(Duration.ofMillis(50)).until(() -> !behind.isDone());
      held = System.nanoTime() - submitted;
      Files.createFile(go);
      before.join();
      behind.join();
      slept = behind.jobId();
      JobFuture<?> failing = pool.submit(HandlerRef.text(missing), "none", JobOptions.defaults());
      assertThatThrownBy(failing::join).hasCauseInstanceOf(JobFailedException.class);
      assertThatThrownBy(() -> pool.submit(Obey.class, "halt 9").join())
          .hasCauseInstanceOf(WorkerLostException.class);
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> ends = recorded(file, "dev.forkyard.JobEnd");
    assertThat(ends).hasSizeGreaterThan(3);
    List<RecordedEvent> last = ends.subList(ends.size() - 3, ends.size());
    assertThat(last)
        .extracting(event -> event.getString("outcome"))
        .containsExactly("succeeded", "failed", "lost");
    RecordedEvent behind = last.get(0);
    assertThat(behind.getLong("jobId")).isEqualTo(slept);
    assertThat(behind.getString("pool")).isEqualTo("seen");
    assertThat(last.get(1).getString("handler")).isEqualTo(missing);
    assertThat(behind.getInt("attempt")).isEqualTo(1);
    assertThat(behind.getLong("workerPid")).isPositive();
    assertThat(behind.getDuration("ran")).isGreaterThanOrEqualTo(Duration.ofMillis(19));
    // Behind the one before it.
    assertThat(behind.getDuration("waited")).isGreaterThanOrEqualTo(Duration.ofNanos(held));
  }

  @Test
  void thePlacesLeftInTheQueueAreNotTakenByJobsThatAWorkerHolds() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (ProcessPool pool = small().queueCapacity(100).build()) {
      new PoolMetrics(pool).bindTo(registry);
      // So short that a worker is given many at a time.
      for (int i = 0; i < 2_000; i++) {
        pool.submit(Obey.class, "n");
      }
      await().until(() -> pool.stats().succeeded() == 2_000);
      JobFuture<String> spins = pool.submit(Obey.class, "spin");
      for (int i = 0; i < 50; i++) {
        pool.submit(Obey.class, "n");
      }
      await().until(() -> registry.get("executor.queued").gauge().value() == 50);
      int held = pool.workers().get(0).assigned();
      assertThat(held).isGreaterThan(1);
      assertThat(registry.get("executor.queue.remaining").gauge().value())
          .isEqualTo(100 - (51 - held));
      spins.cancel(true);
    }
  }

  private static List<RecordedEvent> recorded(Path file, String name) throws IOException {
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .sorted(Comparator.comparing(RecordedEvent::getStartTime))
        .toList();
  }

  @Test
  void aWorkerThatIsNotRecordedDoesNotLoadTheFlightRecorder() {
    List<String> lines = new CopyOnWriteArrayList<>();
    AtomicBoolean loads = new AtomicBoolean();
    try (ProcessPool pool =
        small()
            .jvmOptions(List.of("-Xlog:class+load"))
            .onOutput(
                (pid, line) -> {
                  loads.compareAndSet(false, line.contains(WORKER_MAIN));
                  if (line.contains(" jdk.jfr.")) {
                    lines.add(line);
                  }
                })
            .build()) {
      pool.submit(Obey.class, "sleep 1500").join();
    }
    assertThat(loads).isTrue();
    assertThat(lines).isEmpty();
  }

  private static final String WORKER_MAIN = "dev.forkyard.worker.WorkerMain";
}
