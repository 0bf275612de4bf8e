package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.pool.RogueWorker.Deed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * A worker that does not keep to the protocol is a local event: it alone is ended, in bounded time,
 * and no job but one that it claims to have done is the worse for it.
 */
@Timeout(60)
@Tag("any-jdk")
@EnabledOnOs(OS.LINUX)
class HostileWorkersTest {

  private static final int LARGE = 48 << 20;

  /** These are ended by the limit of a boot, which others need to boot on a busy machine. */
  private static final Set<Deed> NEVER_READY = EnumSet.range(Deed.WRONG_TOKEN, Deed.SLOW_GREETING);

  @TempDir private Path directory;

  private final List<PoolEvent.WorkerEnded> ends = new CopyOnWriteArrayList<>();

  /** The first worker is the rogue; where there are two, it may also be the second. */
  private ProcessPool pool(Deed deed, int workers) throws IOException {
    return ProcessPool.builder()
        .workers(workers)
        .workerHeapBytes(160 << 20)
        .classDataSharing(false)
        .javaHome(RogueWorker.javaHome(directory, deed))
        .bootTimeout(Duration.ofSeconds(NEVER_READY.contains(deed) ? 4 : 60))
        .onOutput((pid, line) -> {})
        .onEvent(
            event -> {
              if (event instanceof PoolEvent.WorkerEnded end) {
                ends.add(end);
              }
            })
        .build();
  }

  /** Each of these waits for a limit, which takes seconds, and others wait for the same. */
  private static final Set<Deed> PATIENT =
      EnumSet.of(
          Deed.WRONG_ID,
          Deed.WRONG_VERSION,
          Deed.NO_GREETING,
          Deed.NO_CONNECTION,
          Deed.SLOW_GREETING,
          Deed.NEVER_READS);

  static Stream<Deed> costsNoJob() {
    Set<Deed> othersTry = EnumSet.range(Deed.ANSWERS_FOR_OTHERS, Deed.CLAIMS_AN_END);
    return Stream.of(Deed.values())
        .filter(deed -> !othersTry.contains(deed))
        .filter(deed -> CrashMatrixTest.WIDE || !PATIENT.contains(deed));
  }

  @ParameterizedTest(name = "{0}: its job runs once elsewhere, and the worker is gone")
  @MethodSource
  void costsNoJob(Deed deed) throws Exception {
    try (ProcessPool pool = pool(deed, 1)) {
      JobFuture<String> job = pool.submit(ProcessPoolTest.Obey.class, "honest");
      assertThat(job.get(40, TimeUnit.SECONDS)).isEqualTo("honest");
      assertThat(job.report().attempt()).isEqualTo(1);
      assertRogueIsGone(job.report().workerPid().orElseThrow());
    }
  }

  @Test
  void thatNeverReadsKeepsNoLargeJobEither() throws Exception {
    try (ProcessPool pool = pool(Deed.NEVER_READS, 1)) {
      JobFuture<Integer> large = pool.submit(CrashMatrixTest.Length.class, new byte[LARGE]);
      assertThat(large.get(40, TimeUnit.SECONDS)).isEqualTo(LARGE);
      assertThat(large.report().attempt()).isEqualTo(1);
      assertRogueIsGone(large.report().workerPid().orElseThrow());
    }
  }

  @Test
  void thatAnswersForOthersAnswersNobody() throws Exception {
    try (ProcessPool pool = pool(Deed.ANSWERS_FOR_OTHERS, 2)) {
      int rounds = 0;
      // The honest one may be done with all before the rogue has booted, and has had a job.
      do {
        runBesideTheRogue(pool);
        rounds++;
      } while (ends.isEmpty());
      assertThat(pool.stats().succeeded()).isEqualTo(40L * rounds);
      assertRogueIsGone(0);
    }
  }

  private static void runBesideTheRogue(ProcessPool pool) throws Exception {
    List<JobFuture<String>> jobs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      jobs.add(pool.submit(ProcessPoolTest.Obey.class, "sleep " + (100 + i % 2)));
    }
    for (int i = 0; i < jobs.size(); i++) {
      assertThat(jobs.get(i).get(40, TimeUnit.SECONDS)).isEqualTo("sleep " + (100 + i % 2));
      assertThat(jobs.get(i).report().attempt()).isEqualTo(1);
    }
  }

  @Test
  void thatAnswersTwiceEndsItsJobOnce() throws Exception {
    try (ProcessPool pool = pool(Deed.ANSWERS_TWICE, 1)) {
      JobFuture<String> first = pool.submit(ProcessPoolTest.Obey.class, "first");
      assertThat(first.get(40, TimeUnit.SECONDS)).isEqualTo("first");
      JobFuture<String> second = pool.submit(ProcessPoolTest.Obey.class, "second");
      assertThat(second.get(40, TimeUnit.SECONDS)).isEqualTo("second");
      assertThat(pool.stats().succeeded()).isEqualTo(2);
      assertThat(second.report().attempt()).isEqualTo(1);
      assertRogueIsGone(second.report().workerPid().orElseThrow());
    }
  }

  @Test
  void thatClaimsToHaveDoneItsJobAndNeverAnswersCostsThatJobAndIsToldApart() throws Exception {
    try (ProcessPool pool = pool(Deed.CLAIMS_AN_END, 1)) {
      JobFuture<String> job = pool.submit(ProcessPoolTest.Obey.class, "swallowed");
      try {
        throw new AssertionError("it has a result: " + job.get(40, TimeUnit.SECONDS));
      } catch (ExecutionException e) {
        assertThat(e.getCause()).isInstanceOf(WorkerLostException.class);
        assertThat(((WorkerLostException) e.getCause()).finished()).isTrue();
      }
      JobFuture<String> next = pool.submit(ProcessPoolTest.Obey.class, "next");
      assertThat(next.get(40, TimeUnit.SECONDS)).isEqualTo("next");
      assertRogueIsGone(next.report().workerPid().orElseThrow());
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(names = {"ORDERS", "UNASKED_RETURN"})
  void isKilledOnceHoweverMuchItSentBefore(Deed deed) throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (ProcessPool pool = pool(deed, 1)) {
      pool.submit(ProcessPoolTest.Obey.class, "honest").get(40, TimeUnit.SECONDS);
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
        .filteredOn(line -> line.contains("is killed"))
        .hasSize(1);
  }

  @Test
  void thatFloodsHoldsUpNoNeighbour() throws Exception {
    try (ProcessPool pool = pool(Deed.FLOOD, 2)) {
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        jobs.add(pool.submit(ProcessPoolTest.Obey.class, "n" + i));
      }
      for (int i = 0; i < jobs.size(); i++) {
        assertThat(jobs.get(i).get(40, TimeUnit.SECONDS)).isEqualTo("n" + i);
        assertThat(jobs.get(i).report().attempt()).isEqualTo(1);
      }
      assertRogueIsGone(0);
    }
  }

  /** It was the first to end, and is no process any more. */
  private void assertRogueIsGone(long honestPid) {
    await().atMost(Duration.ofSeconds(20)).until(() -> !ends.isEmpty());
    long pid = ends.get(0).workerPid();
    assertThat(pid).isPositive().isNotEqualTo(honestPid);
    assertThat(ends.get(0).lost()).isTrue();
    await().until(() -> ProcessHandle.of(pid).isEmpty());
  }
}
