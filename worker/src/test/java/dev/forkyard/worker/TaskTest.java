package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Frame;
import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TaskTest {

  @Test
  @Timeout(30)
  void ofTwoThatClaimATaskAtOnceExactlyOneGetsIt() throws Exception {
    int rounds = 20_000;
    Task[] tasks = new Task[rounds];
    for (int i = 0; i < rounds; i++) {
      tasks[i] = task(i, 0);
    }
    CyclicBarrier start = new CyclicBarrier(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<boolean[]> jobThread = threads.submit(() -> claimAll(tasks, start));
      Future<boolean[]> recall = threads.submit(() -> claimAll(tasks, start));
      for (int i = 0; i < rounds; i++) {
        assertThat(jobThread.get()[i]).as("round %d", i).isNotEqualTo(recall.get()[i]);
        assertThat(tasks[i].claim()).isFalse();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean[] claimAll(Task[] tasks, CyclicBarrier start) throws Exception {
    boolean[] claimed = new boolean[tasks.length];
    for (int i = 0; i < tasks.length; i++) {
      // Together again now and then, so that they meet at the same tasks and not one after the
      // other.
      if (i % 16 == 0) {
        start.await();
      }
      claimed[i] = tasks[i].claim();
    }
    return claimed;
  }

  @Test
  void whatRemainsIsCountedFromTheStartAndNeverNegative() {
    Duration hour = Duration.ofHours(1);
    Task task = task(1, hour.toNanos());
    task.start(System.nanoTime());
    assertThat(task.remaining().orElseThrow()).isPositive().isLessThanOrEqualTo(hour);
    task.start(System.nanoTime() - hour.dividedBy(2).toNanos());
    assertThat(task.remaining().orElseThrow()).isPositive().isLessThanOrEqualTo(hour.dividedBy(2));
    task.start(System.nanoTime() - hour.multipliedBy(2).toNanos());
    assertThat(task.remaining()).contains(Duration.ZERO);
  }

  @Test
  void aJobWithoutTimeoutHasNoRemainder() {
    assertThat(task(1, 0).remaining()).isEmpty();
  }

  @Test
  void aTaskKnowsItsJobItsAttemptAndWhetherItWasCancelled() {
    Task task = task(41, 0);
    assertThat(task.jobId()).isEqualTo(41);
    assertThat(task.attempt()).isEqualTo(3);
    assertThat(task.cancelled()).isFalse();
    task.cancel();
    assertThat(task.cancelled()).isTrue();
  }

  private static Task task(long jobId, long deadlineNanosLeft) {
    Frame.Run run = new Frame.Run(jobId, 1, "H", 3, deadlineNanosLeft, Frame.Encoding.BINARY, null);
    return new Task(run, "H");
  }
}
