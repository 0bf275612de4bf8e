package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.pool.scheduler.Outcome;
import dev.forkyard.protocol.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callbacks that are stuck, and executors that are of no use. */
@Timeout(60)
class CompleterTest {

  private final CountDownLatch release = new CountDownLatch(1);
  private final ExecutorService single = Executors.newSingleThreadExecutor();
  private long lastJobId;

  @AfterEach
  void release() {
    release.countDown();
    single.shutdownNow();
  }

  @Test
  void aStuckCallbackIsReplacedOnceAndThenHoldsUpNobody() {
    PoolLoop loop = loop(null);
    stuck(loop);
    CompletableFuture<String> next = delivered(loop);
    await()
        .until(
            () -> {
              loop.completer().rescue();
              return next.isDone();
            });
    for (int i = 0; i < 100; i++) {
      // Nobody looks in any more.
      assertThat(delivered(loop)).succeedsWithin(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void aUsersBusyExecutorIsAskedForOneMoreThreadAndNotForOneALook() {
    AtomicInteger asked = new AtomicInteger();
    PoolLoop loop =
        loop(
            task -> {
              asked.incrementAndGet();
              single.execute(task);
            });
    stuck(loop);
    List<CompletableFuture<String>> waiting = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      waiting.add(delivered(loop));
      loop.completer().rescue();
    }
    assertThat(asked.get()).isLessThanOrEqualTo(2);
    release.countDown();
    assertThat(waiting).allSatisfy(f -> assertThat(f).succeedsWithin(10, TimeUnit.SECONDS));
  }

  @Test
  void whatAUsersExecutorDroppedIsCompletedElsewhere() {
    PoolLoop loop = loop(single);
    stuck(loop);
    CompletableFuture<String> dropped = delivered(loop);
    loop.completer().rescue();
    loop.completer().rescue();
    assertThat(single.shutdownNow()).hasSize(1);
    await()
        .until(
            () -> {
              loop.completer().rescue();
              return dropped.isDone();
            });
    assertThat(delivered(loop)).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void whatWaitsBehindAStuckCallbackCompletesAfterThePoolsEndToo() {
    PoolLoop loop = loop(null);
    stuck(loop);
    CompletableFuture<String> behind = delivered(loop);
    loop.completer().close();
    assertThat(behind).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(delivered(loop)).succeedsWithin(10, TimeUnit.SECONDS);
  }

  /** A callback that returns at the test's end. */
  private void stuck(PoolLoop loop) {
    CountDownLatch entered = new CountDownLatch(1);
    JobFuture<String> future = future(loop);
    future.thenRun(
        () -> {
          entered.countDown();
          awaitUninterruptibly(release);
        });
    deliver(loop, future);
    awaitUninterruptibly(entered);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        // An executor that is shut down; the callback is as stuck as before.
      }
    }
  }

  @Test
  void whatNobodyAsksForIsCompletedAllTheSame() {
    PoolLoop loop = loop(null);
    Completer completer = loop.completer();
    JobFuture<String> future = future(loop);
    deliver(loop, future);
    assertThat(completer.waiting()).isFalse();
    assertThat(completer.lingers()).isTrue();
    CompletableFuture<Void> late = CompletableFuture.allOf(future);
    assertThat(late).isNotDone();
    completer.endLingering();
    assertThat(late).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(completer.lingers()).isFalse();
  }

  @Test
  void whatSomebodyCameForIsNotHandedToAnotherThread() {
    List<Runnable> handed = new ArrayList<>();
    PoolLoop loop = loop(handed::add);
    JobFuture<String> future = future(loop);
    deliver(loop, future);
    assertThat(future.join()).isEqualTo("a");
    loop.completer().endLingering();
    assertThat(loop.completer().lingers()).isFalse();
    assertThat(handed).isEmpty();
  }

  @Test
  void whatLingersAtThePoolsEndIsCompleted() {
    PoolLoop loop = loop(null);
    JobFuture<String> before = future(loop);
    deliver(loop, before);
    CompletableFuture<Void> first = CompletableFuture.allOf(before);
    loop.completer().close();
    assertThat(first).succeedsWithin(10, TimeUnit.SECONDS);
    JobFuture<String> after = future(loop);
    CompletableFuture<Void> second = CompletableFuture.allOf(after);
    deliver(loop, after);
    assertThat(second).succeedsWithin(10, TimeUnit.SECONDS);
  }

  /** What depends on a future that was delivered, and so is completed without being asked for. */
  private CompletableFuture<String> delivered(PoolLoop loop) {
    JobFuture<String> future = future(loop);
    CompletableFuture<String> dependent = future.thenApply(value -> value);
    deliver(loop, future);
    return dependent;
  }

  private JobFuture<String> future(PoolLoop loop) {
    HandlerRef<String, String> handler =
        new HandlerRef<>("h", Frame.Encoding.BINARY, TextResult.TEXT, TextResult.TEXT);
    return new JobFuture<>(loop, ++lastJobId, handler, null, JobOptions.defaults(), null);
  }

  private static void deliver(PoolLoop loop, JobFuture<String> future) {
    Frame.Result reply = new Frame.Result(future.jobId(), 1, new byte[] {'a'});
    future.deliver(
        new Delivery(new Outcome.Replied(true, reply), 1, 1, null, "", System.nanoTime()));
    loop.completer().execute(List.of(future));
  }

  private static PoolLoop loop(@Nullable Executor executor) {
    ProcessPool.Builder settings = ProcessPool.builder().name("test");
    if (executor != null) {
      settings.completionExecutor(executor);
    }
    PoolConfig config = settings.config();
    return new PoolLoop(config, freed -> {});
  }
}
