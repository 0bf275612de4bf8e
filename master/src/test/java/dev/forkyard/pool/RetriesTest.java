package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is run again, how often, and what is told of it, with real processes. */
@Timeout(60)
class RetriesTest {

  private final ProcessPool pool =
      ProcessPool.builder().workers(2).workerHeapBytes(64 << 20).build();

  /** Ends in the way that its input says, in each attempt before the one that it says. */
  public static final class Stubborn implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      String[] words = input.split(" ");
      if (context.attempt() < Integer.parseInt(words[1])) {
        switch (words[0]) {
          case "io" -> throw new FileNotFoundException("attempt " + context.attempt());
          case "state" -> throw new IllegalStateException("attempt " + context.attempt());
          case "halt" -> Runtime.getRuntime().halt(10 + context.attempt());
          default -> {}
        }
      }
      return "attempt " + context.attempt();
    }
  }

  @AfterEach
  void close() {
    pool.shutdownNow();
  }

  private JobFuture<String> submit(String input, JobOptions options) {
    return pool.submit(Stubborn.class, input, options);
  }

  private static <E extends JobException> E failure(JobFuture<?> future, Class<E> kind)
      throws Exception {
    try {
      throw new AssertionError("it should have failed, but is " + future.get(30, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(kind);
      return kind.cast(e.getCause());
    }
  }

  @Test
  void aChosenExceptionIsRetriedAndTheWorkerLivesOn() throws Exception {
    JobOptions options = JobOptions.retries(2).withRetriedExceptions(IOException.class);
    JobFuture<String> third = submit("io 3", options);
    assertThat(third.get(30, TimeUnit.SECONDS)).isEqualTo("attempt 3");
    assertThat(third.report().attempt()).isEqualTo(3);
    assertThat(pool.stats().retried()).isEqualTo(2);
    assertThat(pool.stats().lost()).isZero();
    JobFailedException last = failure(submit("io 9", options), JobFailedException.class);
    assertThat(last.attempt()).isEqualTo(3);
    assertThat(last.errorMessage()).isEqualTo("attempt 3");
  }

  @Test
  void anExceptionThatWasNotChosenIsNotRetried() throws Exception {
    JobOptions options = JobOptions.retries(5).withRetriedExceptions(IOException.class);
    assertThat(failure(submit("state 3", options), JobFailedException.class).attempt())
        .isEqualTo(1);
    JobOptions any = JobOptions.retries(5).withRetriedExceptions(Throwable.class);
    assertThat(submit("state 3", any).get(30, TimeUnit.SECONDS)).isEqualTo("attempt 3");
  }

  @Test
  void aLostWorkerIsRetriedByDefaultAndNotWhereThatIsExcluded() throws Exception {
    assertThat(submit("halt 2", JobOptions.retries(1)).get(30, TimeUnit.SECONDS))
        .isEqualTo("attempt 2");
    JobOptions failures =
        JobOptions.retries(5).withRetryLost(false).withRetriedExceptions(Throwable.class);
    WorkerLostException lost = failure(submit("halt 3", failures), WorkerLostException.class);
    assertThat(lost).isNotInstanceOf(PoisonJobException.class);
    assertThat(lost.attempt()).isEqualTo(1);
  }

  @Test
  void aJobThatKillsEveryWorkerIsGivenUpWithTheHistoryOfItsDeaths() throws Exception {
    List<JobFuture<String>> others = new ArrayList<>();
    JobFuture<String> poison = submit("halt 99", JobOptions.retries(2));
    for (int i = 0; i < 50; i++) {
      others.add(submit("fine 0", JobOptions.defaults()));
    }
    PoisonJobException given = failure(poison, PoisonJobException.class);
    assertThat(given.attempt()).isEqualTo(3);
    assertThat(given.deaths()).extracting(JobException::attempt).containsExactly(1, 2, 3);
    assertThat(given.deaths())
        .extracting(death -> death.exitCode().orElse(0))
        .containsExactly(11, 12, 13);
    assertThat(given.deaths()).extracting(JobException::workerPid).doesNotHaveDuplicates();
    assertThat(given).hasMessageContaining("each of its 3 attempts was the end of its worker");
    assertThat(others).allSatisfy(job -> assertThat(job.join()).isEqualTo("attempt 1"));
  }

  @Test
  void aRetryWaitsForItsPauseAndCanBeCancelledMeanwhile() throws Exception {
    JobOptions options =
        JobOptions.retries(2)
            .withRetriedExceptions(Throwable.class)
            .withBackoff(Duration.ofMillis(400), Duration.ofMillis(400));
    JobFuture<String> patient = submit("state 3", options);
    assertThat(patient.get(30, TimeUnit.SECONDS)).isEqualTo("attempt 3");
    assertThat(patient.report().totalTime()).isGreaterThanOrEqualTo(Duration.ofMillis(400));
    Duration day = Duration.ofDays(1);
    JobFuture<String> resting = submit("state 3", options.withBackoff(day, day));
    await().until(() -> pool.stats().retried() == 3);
    resting.cancel(true);
    await().until(() -> pool.stats().cancelled() == 1);
    assertThatThrownBy(resting::join).isInstanceOf(CancellationException.class);
    JobFuture<String> left = submit("state 3", options.withBackoff(day, day));
    await().until(() -> pool.stats().retried() == 4);
    pool.shutdownNow();
    assertThatThrownBy(left::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void aBackoffThatIsNoneIsRefusedByNameAndValue() {
    assertThatThrownBy(
            () -> JobOptions.defaults().withBackoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .hasMessage("backoff must be at most its max (PT1S), but is PT2S");
  }
}
