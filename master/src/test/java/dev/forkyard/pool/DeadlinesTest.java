package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.forkyard.pool.JobTimeoutException.Deadline;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Which deadline ends a job, and what becomes of its worker, with real processes. */
@Timeout(60)
class DeadlinesTest {

  private static final JobOptions NONE = JobOptions.defaults();

  private final ProcessPool pool =
      ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).build();

  /** Goes on as long, and in the way, that its input says. */
  public static final class Patient implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      String[] words = input.split(" ");
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(words[1]));
      switch (words[0]) {
        case "sleep" -> Thread.sleep(Long.parseLong(words[1]));
        case "stop" -> Ending.STOP.happen();
        case "heed" -> {
          while (!context.cancelled()) {
            Thread.onSpinWait();
          }
          return "half, interrupted: " + Thread.currentThread().isInterrupted();
        }
        case "ignore" -> {
          while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
          }
        }
        case "tell" -> {
          while (System.nanoTime() - end < 0) {
            context.progress();
            LockSupport.parkNanos(20_000_000);
          }
        }
        case "clean" -> {
          boolean clean = !Thread.interrupted() && !context.cancelled();
          LockSupport.parkNanos(Long.parseLong(words[1]) * 1_000);
          return clean ? "clean" : "hit by another's interrupt";
        }
        default -> {}
      }
      return String.valueOf(ProcessHandle.current().pid());
    }
  }

  @AfterEach
  void close() {
    pool.shutdownNow();
  }

  private JobFuture<String> submit(String input, JobOptions options) {
    return pool.submit(Patient.class, input, options);
  }

  private static JobTimeoutException timeout(JobFuture<?> future) throws Exception {
    try {
      throw new AssertionError(
          "it should have timed out, but is " + future.get(30, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(JobTimeoutException.class);
      return (JobTimeoutException) e.getCause();
    }
  }

  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void aJobThatThrowsAtItsSoftDeadlineTimedOutAndItsWorkerLivesOn() throws Exception {
    String pid = submit("pid 0", NONE).join();
    JobOptions options = NONE.withSoftTimeout(millis(200)).withTimeout(Duration.ofSeconds(30));
    JobTimeoutException soft = timeout(submit("sleep 60000", options));
    assertThat(soft.deadline()).isEqualTo(Deadline.SOFT);
    assertThat(soft.timeout()).isEqualTo(millis(200));
    assertThat(soft.runTime()).isBetween(millis(200), Duration.ofSeconds(29));
    assertThat(soft.getCause())
        .isInstanceOf(JobFailedException.class)
        .hasMessageContaining("InterruptedException");
    assertThat(submit("pid 0", NONE).join()).isEqualTo(pid);
  }

  @Test
  void aJobThatAnswersAtItsSoftDeadlineHasAResult() {
    String pid = submit("pid 0", NONE).join();
    assertThat(submit("heed 0", NONE.withSoftTimeout(millis(100))).join())
        .isEqualTo("half, interrupted: true");
    assertThat(submit("pid 0", NONE).join()).isEqualTo(pid);
  }

  @Test
  void aJobThatDoesNotHeedItsSoftDeadlineIsKilledAtTheHardOne() throws Exception {
    JobOptions options = NONE.withSoftTimeout(millis(100)).withTimeout(millis(500));
    JobTimeoutException hard = timeout(submit("ignore 60000", options));
    assertThat(hard.deadline()).isEqualTo(Deadline.RUN);
    assertThat(hard.runTime()).isGreaterThanOrEqualTo(millis(500));
    assertThat(submit("pid 0", NONE).join()).isNotEqualTo("" + hard.workerPid().orElseThrow());
  }

  @Test
  void aJobWithoutProgressStallsAndOneThatTellsOfItDoesNot() throws Exception {
    JobOptions options = NONE.withStallTimeout(millis(500));
    JobFuture<String> tells = submit("tell 1500", options);
    // A busy machine may keep it from telling for as long as that.
    for (int tries = 0; fails(tells) && tries < 10; tries++) {
      tells = submit("tell 1500", options);
    }
    String pid = tells.join();
    JobTimeoutException stall = timeout(submit("ignore 60000", options));
    assertThat(stall.deadline()).isEqualTo(Deadline.STALL);
    assertThat(stall.workerPid()).hasValue(Long.parseLong(pid));
    assertThat(stall).hasMessageContaining("told of no progress for 500 ms");
  }

  private static boolean fails(JobFuture<?> future) {
    return future.handle((result, error) -> error != null).join();
  }

  @Test
  void aJobThatWaitsTooLongNeverRuns() throws Exception {
    JobFuture<String> busy = submit("sleep 1500", NONE);
    JobTimeoutException queue =
        timeout(submit("pid 0", NONE.withQueueTimeout(millis(100)).withTimeout(millis(1))));
    assertThat(queue.deadline()).isEqualTo(Deadline.QUEUE);
    assertThat(queue.attempt()).isZero();
    assertThat(queue.workerPid()).isEmpty();
    assertThat(busy).succeedsWithin(30, TimeUnit.SECONDS);
  }

  @Test
  void aJobThatWaitsTooLongBehindAnotherInItsWorkerNeverRuns() throws Exception {
    // Short jobs, so that the worker gets more than one at a time.
    List<JobFuture<String>> brief = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      brief.add(submit("pid 0", NONE));
    }
    assertThat(brief).allSatisfy(job -> assertThat(job).succeedsWithin(30, TimeUnit.SECONDS));
    JobFuture<String> busy = submit("sleep 60000", NONE);
    JobTimeoutException queue = timeout(submit("pid 0", NONE.withQueueTimeout(millis(300))));
    assertThat(queue.deadline()).isEqualTo(Deadline.QUEUE);
    assertThat(busy).isNotDone();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theKernelTellsOfTheThreadsOfAJvmThatCanNot() throws Exception {
    JobTimeoutException stopped = timeout(submit("stop 0", JobOptions.timeout(millis(500))));
    // A busy machine may stop it after its deadline, or not give the dump in the 100 ms it has.
    for (int tries = 0; !isOfStoppedThreads(stopped) && tries < 10; tries++) {
      stopped = timeout(submit("stop 0", JobOptions.timeout(millis(500))));
    }
    assertThat(stopped.threadDump().orElseThrow())
        .contains("as the kernel sees them")
        .containsPattern("\"forkyard-job\" stopped, \\d+ ms of CPU time");
  }

  private static boolean isOfStoppedThreads(JobTimeoutException stopped) {
    return stopped.threadDump().orElse("").contains("\"forkyard-job\" stopped");
  }

  @Test
  void aSoftDeadlineOfAJobThatHasJustEndedHitsNoOther() {
    JobOptions options = NONE.withSoftTimeout(millis(1));
    List<JobFuture<String>> others = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      submit("clean " + (900 + i % 200), options);
      others.add(submit("clean 100", NONE));
    }
    assertThat(others.stream().filter(job -> !job.join().equals("clean"))).isEmpty();
    assertThat(others.stream().map(job -> job.report().workerPid()).distinct()).hasSize(1);
  }

  @Test
  void aSoftTimeoutThatIsNoneIsRefusedByNameAndValue() {
    assertThatThrownBy(() -> NONE.withTimeout(millis(10)).withSoftTimeout(millis(10)))
        .hasMessage("softTimeout must be less than timeout (PT0.01S), but is PT0.01S");
    assertThatThrownBy(() -> NONE.withStallTimeout(Duration.ZERO))
        .hasMessage("stallTimeout must be more than zero, but is PT0S");
  }
}
