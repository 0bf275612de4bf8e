package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Jobs that come while no worker has room: the event loop is not woken for them, and they must not
 * be forgotten for that.
 */
@Timeout(60)
class FullPoolTest {

  private static final long FOR_EVER = 3_600_000;

  private final ProcessPool pool =
      ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).build();
  private JobFuture<Long> holder;

  /** Takes so many milliseconds. */
  public static final class Takes implements JobHandler<Long, Long> {
    @Override
    public Long handle(Long millis, JobContext context) throws Exception {
      Thread.sleep(millis);
      return millis;
    }
  }

  @BeforeEach
  void fill() {
    holder = pool.submit(Takes.class, FOR_EVER);
    await().until(() -> pool.stats().running() == 1);
  }

  @AfterEach
  void close() {
    pool.shutdownNow();
  }

  @Test
  void theyRunWhenThereIsRoom() {
    List<JobFuture<Long>> more = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      more.add(pool.submit(Takes.class, (long) i));
    }
    holder.cancel(true);
    for (int i = 0; i < 10; i++) {
      assertThat(more.get(i)).succeedsWithin(Duration.ofSeconds(30)).isEqualTo((long) i);
    }
  }

  @Test
  void theyAreCountedAndCanBeCancelled() throws Exception {
    JobFuture<Long> first = pool.submit(Takes.class, 1L);
    JobFuture<Long> second = pool.submit(Takes.class, 2L);
    assertThat(pool.stats().queued()).isEqualTo(2);
    JobFuture<Long> third = pool.submit(Takes.class, 3L);
    assertThat(third.cancel(true)).isTrue();
    assertThatThrownBy(() -> second.orTimeout(50, TimeUnit.MILLISECONDS).get())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(TimeoutException.class);
    await().until(() -> pool.stats().queued() == 1);
    holder.cancel(true);
    assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    assertThat(pool.stats().succeeded()).isEqualTo(1);
  }

  @Test
  void theirPlacesInTheQueueAreCounted() {
    ProcessPool.Builder small =
        ProcessPool.builder().workers(1).queueCapacity(2).submitTimeout(Duration.ofMillis(100));
    try (ProcessPool other = small.build()) {
      JobFuture<Long> held = other.submit(Takes.class, FOR_EVER);
      await().until(() -> other.stats().running() == 1);
      other.submit(Takes.class, 1L);
      JobFuture<Long> last = other.submit(Takes.class, 2L);
      assertThatThrownBy(() -> other.submit(Takes.class, 3L))
          .isInstanceOf(JobRejectedException.class);
      held.cancel(true);
      assertThat(last).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(2L);
    }
  }

  @Test
  void theyRunOnAWorkerThatIsAdded() {
    JobFuture<Long> next = pool.submit(Takes.class, 1L);
    pool.resize(2);
    assertThat(next).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(1L);
  }

  @Test
  void theyRunBeforeAPoolIsClosed() {
    JobFuture<Long> next = pool.submit(Takes.class, 1L);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(pool::close);
    holder.cancel(true);
    assertThat(next).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(1L);
    assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
  }

  @Test
  void theyEndWhereThePoolIsShutDownAtOnce() {
    JobFuture<Long> next = pool.submit(Takes.class, 1L);
    pool.shutdownNow();
    await().until(next::isCancelled);
  }

  /** Jobs of a few milliseconds leave a worker no room for others ahead. */
  @Test
  void noneOfManyCallersWaitsForEver() throws Exception {
    holder.cancel(true);
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int caller = 0; caller < 8; caller++) {
        all.add(callers.submit(this::callOften));
      }
      for (Future<?> each : all) {
        each.get(50, TimeUnit.SECONDS);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  private Void callOften() throws Exception {
    for (int i = 0; i < 100; i++) {
      long millis = i % 4;
      assertThat(pool.submit(Takes.class, millis).get(30, TimeUnit.SECONDS)).isEqualTo(millis);
    }
    return null;
  }
}
