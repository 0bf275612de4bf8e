package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.pool.TiedJobsTest.Pid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Who gets a job where the program chooses, with real processes. */
@Timeout(60)
class WorkerChoiceTest {

  private static ProcessPool pool(WorkerChoice choice) {
    ProcessPool pool =
        ProcessPool.builder()
            .workers(3)
            .prefetch(0)
            .workerHeapBytes(64 << 20)
            .workerChoice(choice)
            .build();
    await()
        .until(
            () ->
                pool.workers().stream()
                    .allMatch(worker -> worker.state() == WorkerInfo.State.READY));
    return pool;
  }

  @Test
  void theWorkerThatIsChosenGetsTheJob() {
    List<List<WorkerChoice.Candidate>> asked = new CopyOnWriteArrayList<>();
    WorkerChoice inTurn =
        candidates -> {
          asked.add(candidates);
          return (asked.size() - 1) % candidates.size();
        };
    try (ProcessPool pool = pool(inTurn)) {
      List<Long> pids = pool.workers().stream().map(WorkerInfo::pid).toList();
      for (int i = 0; i < 12; i++) {
        assertThat(pool.submit(Pid.class, "").join()).isEqualTo(pids.get(i % 3));
      }
      assertThat(asked).hasSize(12);
      List<WorkerChoice.Candidate> last = asked.get(11);
      assertThat(last).extracting(WorkerChoice.Candidate::pid).containsExactlyElementsOf(pids);
      assertThat(last).extracting(WorkerChoice.Candidate::jobsRun).containsExactly(4L, 4L, 3L);
      assertThat(last).allMatch(each -> each.assigned() == 0 && each.age().toNanos() > 0);
    }
  }

  /** As languages do that know no checked exceptions. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Exception> E unchecked(Exception checked) throws E {
    throw (E) checked;
  }

  @Test
  void aChoiceThatThrowsOrIsNoneIsToldOnceAndThePoolChooses() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
    lines.start();
    logger.addAppender(lines);
    int[] asked = new int[1];
    WorkerChoice broken =
        candidates -> {
          switch (asked[0]++ % 3) {
            case 0 -> throw new IllegalStateException("no idea");
            case 1 -> throw WorkerChoiceTest.<RuntimeException>unchecked(new IOException("none"));
            default -> {
              return 99;
            }
          }
        };
    try (ProcessPool pool = pool(broken)) {
      List<JobFuture<Long>> jobs = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        jobs.add(pool.submit(Pid.class, ""));
      }
      jobs.forEach(JobFuture::join);
      assertThat(pool.stats().succeeded()).isEqualTo(20);
    } finally {
      logger.detachAppender(lines);
    }
    List<String> told = lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    assertThat(told.stream().filter(line -> line.contains("workerChoice")))
        .singleElement()
        .asString()
        .contains("its workerChoice failed");
  }
}
