package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.worker.Codec;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.UseCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Broadcasts, and keys that stay with a worker: with real processes. */
@Timeout(90)
class TiedJobsTest {

  @TempDir private Path directory;

  /** Remembers a word in its JVM, and tells of the one before and of its process. */
  public static final class Remember implements JobHandler<String, String> {
    private static String last = "nothing";

    @Override
    public String handle(String word, JobContext context) {
      String before = last;
      last = word;
      return before + "@" + ProcessHandle.current().pid();
    }
  }

  /** Tells what was remembered in its JVM. */
  public static final class Recall implements JobHandler<String, String> {
    @Override
    public String handle(String any, JobContext context) throws InterruptedException {
      Thread.sleep(5);
      return Remember.last;
    }
  }

  /** Ends its worker, or tells its process id; after it has waited for a file, if it names one. */
  public static final class Pid implements JobHandler<String, Long> {
    @Override
    public Long handle(String what, JobContext context) throws Exception {
      if (what.equals("exit")) {
        Runtime.getRuntime().halt(7);
      } else if (!what.isEmpty()) {
        Files.createFile(Path.of(what + ".runs"));
        while (!Files.exists(Path.of(what))) {
          Thread.sleep(5);
        }
      }
      return ProcessHandle.current().pid();
    }
  }

  private static ProcessPool.Builder small(int workers) {
    return ProcessPool.builder().workers(workers).workerHeapBytes(64 << 20);
  }

  private static long ready(ProcessPool pool) {
    return pool.workers().stream()
        .filter(w -> w.state() == WorkerInfo.State.READY || w.state() == WorkerInfo.State.BUSY)
        .count();
  }

  private static Set<Long> pids(ProcessPool pool) {
    Set<Long> pids = new HashSet<>();
    pool.workers().forEach(worker -> pids.add(worker.pid()));
    return pids;
  }

  private String hold(ProcessPool pool, String name, JobOptions options) {
    String file = directory.resolve(name).toString();
    pool.submit(Pid.class, file, options);
    await().until(() -> Files.exists(Path.of(file + ".runs")));
    return file;
  }

  @Test
  void aBroadcastRunsOnceOnEachLiveWorker() {
    try (ProcessPool pool = small(3).build()) {
      // Those that boot get it too.
      List<JobFuture<String>> first = pool.broadcast(Remember.class, "one");
      assertThat(first).hasSize(3);
      first.forEach(job -> assertThat(job.join()).startsWith("nothing@"));
      List<JobFuture<String>> second = pool.broadcast(Remember.class, "two");
      assertThat(second.stream().map(JobFuture::join))
          .allMatch(answer -> answer.startsWith("one@"))
          .doesNotHaveDuplicates()
          .hasSize(3);
      assertThat(pool.stats().succeeded()).isEqualTo(6);
    }
  }

  @Test
  void aBroadcastGoesBeforeWhatWaitsAndTakesOnePlaceInTheQueue() throws IOException {
    try (ProcessPool pool = small(1).prefetch(0).queueCapacity(4).build()) {
      String held = hold(pool, "held", JobOptions.defaults());
      List<JobFuture<String>> waiting = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        waiting.add(pool.submit(Recall.class, "", JobOptions.defaults().withPriority(10)));
      }
      List<JobFuture<String>> broadcast = pool.broadcast(Remember.class, "news");
      Files.createFile(Path.of(held));
      assertThat(waiting.stream().map(JobFuture::join)).containsOnly("news");
      assertThat(broadcast).hasSize(1).allMatch(JobFuture::isDone);
      assertThat(pool.submit(Recall.class, "").join()).isEqualTo("news");
    }
  }

  @Test
  void aBroadcastFailsOnAWorkerThatDiesBeforeAndEndsAsAnyJobOnOneThatDiesMeanwhile()
      throws IOException {
    try (ProcessPool pool = small(2).build()) {
      await().until(() -> ready(pool) == 2);
      String held = hold(pool, "held", JobOptions.defaults());
      long busy =
          pool.workers().stream()
              .filter(worker -> worker.state() == WorkerInfo.State.BUSY)
              .mapToLong(WorkerInfo::pid)
              .findFirst()
              .orElseThrow();
      JobOptions again = JobOptions.retries(5);
      List<JobFuture<Long>> broadcast = pool.broadcast(Pid.class, "exit", again);
      assertThat(broadcast).hasSize(2);
      await().until(() -> broadcast.stream().filter(JobFuture::isDone).count() == 1);
      ProcessHandle.of(busy).orElseThrow().destroyForcibly();
      List<String> messages = new ArrayList<>();
      for (JobFuture<Long> job : broadcast) {
        assertThatThrownBy(job::join)
            .isInstanceOf(CompletionException.class)
            .cause()
            .isExactlyInstanceOf(WorkerLostException.class)
            .satisfies(e -> messages.add(e.getMessage()));
      }
      assertThat(messages)
          .anyMatch(message -> message.contains("while it ran job"))
          .anyMatch(message -> message.matches("job \\d+ .* was for worker \\d+ alone, .*"));
      await().until(() -> ready(pool) == 2);
      assertThat(pool.broadcast(Pid.class, "").stream().map(JobFuture::join))
          .containsExactlyInAnyOrderElementsOf(pids(pool));
      Files.createFile(Path.of(held));
    }
  }

  @Test
  void workersThatAreBornLaterGetAStandingBroadcastBeforeAnyOtherJob() {
    try (ProcessPool pool = small(3).maxJobsPerWorker(5).build();
        Broadcast<String> standing =
            pool.broadcastAlways(Remember.class, "word", JobOptions.defaults())) {
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        jobs.add(pool.submit(Recall.class, ""));
      }
      assertThat(jobs.stream().map(JobFuture::join)).containsOnly("word");
      assertThat(pool.stats().started()).isGreaterThan(6);
      await()
          .untilAsserted(
              () ->
                  assertThat(standing.futures().keySet())
                      .containsExactlyElementsOf(
                          pool.workers().stream().map(WorkerInfo::id).toList()));
      standing.close();
      pool.recycle();
      await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> pool.submit(Recall.class, "").join().equals("nothing"));
    }
  }

  @Test
  void workersThatAreBornWhileThePoolClosesGetItToo() {
    JobFuture<String> behind;
    try (ProcessPool pool = small(1).build()) {
      pool.broadcastAlways(Remember.class, "word", JobOptions.defaults());
      pool.submit(Pid.class, "exit");
      behind = pool.submit(Recall.class, "");
    }
    assertThat(behind.join()).isEqualTo("word");
  }

  /** Fails whatever it is asked. */
  public static final class Fails implements JobHandler<String, String> {
    @Override
    public String handle(String why, JobContext context) {
      throw new IllegalStateException(why);
    }
  }

  @Test
  void aStandingBroadcastThatFailsIsLoggedAndItsWorkerTakesJobsAllTheSame() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
    lines.start();
    logger.addAppender(lines);
    try (ProcessPool pool = small(1).minWorkers(0).name("told").build()) {
      pool.broadcastAlways(Fails.class, "planted in a broadcast", JobOptions.defaults());
      assertThat(pool.submit(Pid.class, "").join()).isIn(pids(pool));
      await()
          .ignoreExceptions()
          .until(
              () ->
                  lines.list.stream()
                      .anyMatch(
                          line ->
                              line.getFormattedMessage()
                                      .startsWith("pool told: a broadcast failed on worker ")
                                  && line.getThrowableProxy()
                                      .getMessage()
                                      .contains("planted in a broadcast")));
    } finally {
      logger.detachAppender(lines);
    }
  }

  /** What it is given can't be sent. */
  @UseCodec(input = Unsendable.InputCodec.class)
  public static final class Unsendable implements JobHandler<Object, String> {
    @Override
    public String handle(Object input, JobContext context) {
      return "never";
    }

    /** Encodes nothing. */
    public static final class InputCodec implements Codec<Object> {
      @Override
      public byte[] encode(Object value) {
        throw new IllegalStateException("planted in the codec");
      }

      @Override
      public Object decode(byte[] bytes) {
        return bytes;
      }
    }
  }

  @Test
  void aBroadcastWhoseInputCanNotBeEncodedOrWhosePoolIsClosedIsRefused() {
    ProcessPool pool = small(1).minWorkers(0).queueCapacity(1).build();
    assertThat(pool.broadcast(Pid.class, "")).isEmpty();
    assertThatThrownBy(() -> pool.broadcast(Unsendable.class, "input"))
        .isInstanceOf(JobFailedException.class)
        .hasMessageContaining("planted in the codec");
    // It has left the one place in the queue to others.
    assertThat(pool.submit(Pid.class, "").join()).isPositive();
    assertThat(pool.stats().submitted()).isEqualTo(1);
    pool.close();
    assertThatThrownBy(() -> pool.broadcast(Pid.class, ""))
        .isInstanceOf(JobRejectedException.class)
        .hasMessageContaining("is closed");
  }

  @Test
  void aKeyStaysWithItsWorkerWhileThatLivesAndThenHasAnother() {
    try (ProcessPool pool = small(3).build()) {
      await().until(() -> ready(pool) == 3);
      Map<String, Long> homes = new HashMap<>();
      for (int i = 0; i < 6; i++) {
        String key = "key " + i;
        homes.put(key, pool.submit(Pid.class, "", JobOptions.affinity(key)).join());
      }
      // One after the other: shared out all the same.
      assertThat(new HashSet<>(homes.values())).hasSize(3);
      List<Map.Entry<String, JobFuture<Long>>> many = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        String key = "key " + i % 6;
        many.add(Map.entry(key, pool.submit(Pid.class, "", JobOptions.affinity(key))));
      }
      many.forEach(each -> assertThat(each.getValue().join()).isEqualTo(homes.get(each.getKey())));

      String orphan = "key 0";
      long dead = homes.get(orphan);
      ProcessHandle.of(dead).orElseThrow().destroyForcibly();
      await().until(() -> !pids(pool).contains(dead));
      homes.forEach(
          (key, home) -> {
            long now = pool.submit(Pid.class, "", JobOptions.affinity(key)).join();
            if (home == dead) {
              assertThat(now).isNotEqualTo(dead);
              assertThat(pool.submit(Pid.class, "", JobOptions.affinity(key)).join())
                  .isEqualTo(now);
            } else {
              assertThat(now).isEqualTo(home);
            }
          });
    }
  }

  @Test
  void aJobWaitsForTheWorkerThatHasItsKeyWhileOthersGoOn() throws IOException {
    try (ProcessPool pool = small(2).prefetch(0).build()) {
      await().until(() -> ready(pool) == 2);
      JobOptions keyed = JobOptions.affinity("k");
      long home = pool.submit(Pid.class, "", keyed).join();
      String held = hold(pool, "held", keyed);
      JobFuture<Long> waits = pool.submit(Pid.class, "", keyed);
      for (int i = 0; i < 50; i++) {
        assertThat(pool.submit(Pid.class, "").join()).isNotEqualTo(home);
      }
      assertThat(waits).isNotDone();
      JobFuture<Long> cancelled = pool.submit(Pid.class, "", keyed);
      assertThat(cancelled.cancel(true)).isTrue();
      JobOptions hurried = keyed.withQueueTimeout(Duration.ofMillis(50));
      assertThatThrownBy(pool.submit(Pid.class, "", hurried)::join)
          .hasCauseInstanceOf(JobTimeoutException.class);
      Files.createFile(Path.of(held));
      assertThat(waits.join()).isEqualTo(home);
    }
  }
}
