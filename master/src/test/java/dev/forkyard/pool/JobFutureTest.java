package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.pool.scheduler.Outcome;
import dev.forkyard.protocol.Frame;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Where the threads that wait for a future meet the one that completes it. */
@Timeout(60)
class JobFutureTest {

  private static final int ROUNDS = 1_500;

  private final PoolLoop loop = new PoolLoop(config(), freed -> {});
  private final ExecutorService waiters = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    waiters.shutdownNow();
    loop.completer().close();
  }

  @Test
  void threadsThatStartToWaitAtTheSameMomentAreAllWoken() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      JobFuture<String> job = future(round);
      AtomicInteger missing = new AtomicInteger(2);
      Future<String> first = waiters.submit(() -> waitTogether(missing, job));
      Future<String> second = waiters.submit(() -> waitTogether(missing, job));
      deliverWhenWaited(missing, job);
      assertThat(first.get(10, TimeUnit.SECONDS)).as("round %s", round).isEqualTo("done");
      assertThat(second.get(10, TimeUnit.SECONDS)).as("round %s", round).isEqualTo("done");
    }
  }

  @Test
  void aWaitThatTimesOutAsTheJobEndsLosesNothing() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      JobFuture<String> job = future(round);
      Future<String> impatient =
          waiters.submit(
              () -> {
                try {
                  return job.get(50, TimeUnit.MICROSECONDS);
                } catch (TimeoutException early) {
                  return job.get(10, TimeUnit.SECONDS);
                }
              });
      Thread.onSpinWait();
      deliver(job, result());
      assertThat(impatient.get(10, TimeUnit.SECONDS)).isEqualTo("done");
    }
  }

  @Test
  void aCallbackThatComesAsTheJobEndsIsRunOnce() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      JobFuture<String> job = future(round);
      CountDownLatch called = new CountDownLatch(1);
      Future<String> waiting = waiters.submit(() -> job.get());
      Future<?> registering = waiters.submit(() -> job.thenAccept(value -> called.countDown()));
      deliver(job, result());
      assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo("done");
      registering.get(10, TimeUnit.SECONDS);
      assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void whoWaitsIsWokenThoughACallbackLasts() throws Exception {
    JobFuture<String> job = future(1);
    CountDownLatch seen = new CountDownLatch(1);
    CompletableFuture<Boolean> callback =
        job.thenApply(
            value -> {
              try {
                return seen.await(30, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                return false;
              }
            });
    AtomicReference<Thread> waiter = new AtomicReference<>();
    Future<String> waiting =
        waiters.submit(
            () -> {
              waiter.set(Thread.currentThread());
              String value = job.get();
              seen.countDown();
              return value;
            });
    await()
        .until(() -> waiter.get() != null && waiter.get().getState() == Thread.State.TIMED_WAITING);
    deliver(job, result());
    assertThat(waiting.get(40, TimeUnit.SECONDS)).isEqualTo("done");
    assertThat(callback.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aWaitOfLessThanNothingEndsAtOnce() {
    JobFuture<String> job = future(1);
    assertThatThrownBy(() -> job.get(Long.MIN_VALUE, TimeUnit.NANOSECONDS))
        .isInstanceOf(TimeoutException.class);
  }

  /** Nothing else completes it here: there is no loop that would, some milliseconds later. */
  static Stream<Arguments> questions() {
    return Stream.of(
        question("isDone", JobFuture::isDone, true),
        question("getNow", job -> job.getNow("none"), "done"),
        question("get", JobFuture::get, "done"),
        question("get within a time", job -> job.get(1, TimeUnit.NANOSECONDS), "done"),
        question("join", JobFuture::join, "done"),
        question("cancel", job -> job.cancel(true), false),
        question("complete", job -> job.complete("other"), false),
        question("fail", job -> job.completeExceptionally(new IOException()), false),
        question("a callback", job -> job.thenApply(value -> value + "!").getNow(""), "done!"),
        question("a copy", job -> job.copy().getNow(""), "done"),
        question("a timeout", job -> job.orTimeout(1, TimeUnit.DAYS).getNow(""), "done"),
        question(
            "one of two",
            job -> CompletableFuture.supplyAsync(() -> "x").thenCombine(job, String::concat).get(),
            "xdone"),
        question(
            "the first of two",
            job ->
                new CompletableFuture<String>().applyToEither(job, value -> value + "!").getNow(""),
            "done!"),
        question(
            "what another comes to",
            job -> CompletableFuture.completedFuture("").thenCompose(empty -> job).getNow(""),
            "done"),
        question(
            "a minimal stage",
            job -> job.minimalCompletionStage().toCompletableFuture().getNow(""),
            "done"),
        question("its report", job -> job.report().workerPid().orElse(0), 1L));
  }

  private static Arguments question(
      String name, Callback<JobFuture<String>, @Nullable Object> ask, Object answer) {
    return Arguments.of(name, ask, answer);
  }

  @FunctionalInterface
  interface Callback<I, O> {
    O apply(I input) throws Exception;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("questions")
  void whoeverAsksFirstFindsWhatWasDelivered(
      String name, Callback<JobFuture<String>, @Nullable Object> ask, Object answer)
      throws Exception {
    JobFuture<String> job = future(1);
    deliver(job, result());
    assertThat(job.isComplete()).isFalse();
    assertThat(ask.apply(job)).isEqualTo(answer);
    assertThat(job.isComplete()).isTrue();
  }

  @Test
  void aQuestionDoesNotRunTheCallbacksOfOthers() {
    List<Runnable> handed = new ArrayList<>();
    PoolConfig config =
        ProcessPool.builder().name("test").workers(1).completionExecutor(handed::add).config();
    PoolLoop other = new PoolLoop(config, freed -> {});
    JobFuture<String> job = future(other, 1);
    AtomicInteger called = new AtomicInteger();
    CompletableFuture<Integer> callback = job.thenApply(value -> called.incrementAndGet());
    job.deliver(result());
    other.completer().execute(List.of(job));
    assertThat(job.isDone()).isFalse();
    assertThat(called).hasValue(0);
    handed.forEach(Runnable::run);
    assertThat(callback).isCompletedWithValue(1);
    assertThat(job.isDone()).isTrue();
  }

  @Test
  void aFutureThatWasReadKeepsItsReportAndLetsGoOfTheEncodedResult() {
    JobFuture<String> job = future(1);
    byte[] encoded = {'d', 'o', 'n', 'e'};
    WeakReference<byte[]> held = new WeakReference<>(encoded);
    Frame.Result reply = new Frame.Result(1, 1, encoded);
    deliver(job, new Delivery(new Outcome.Replied(true, reply), 1, 1, null, "", 0));
    encoded = null;
    reply = null;
    assertThat(job.join()).isEqualTo("done");
    await()
        .until(
            () -> {
              System.gc();
              return held.get() == null;
            });
    assertThat(job.report().workerPid()).hasValue(1);
    assertThat(job.join()).isEqualTo("done");
  }

  @Test
  void aWorkersClaimOfARunTimeIsKeptWithinWhatCanBe() {
    for (long claimed : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      JobFuture<String> job = future(1);
      Frame.Result reply = new Frame.Result(1, claimed, new byte[0]);
      deliver(
          job, new Delivery(new Outcome.Replied(true, reply), 1, 1, null, "", System.nanoTime()));
      job.join();
      assertThat(job.report().runTime()).isBetween(Duration.ZERO, job.report().totalTime());
    }
  }

  private static String waitTogether(AtomicInteger missing, JobFuture<String> job)
      throws Exception {
    missing.decrementAndGet();
    while (missing.get() > 0) {
      Thread.onSpinWait();
    }
    return job.get();
  }

  private void deliver(JobFuture<String> job, Delivery delivery) {
    job.deliver(delivery);
    loop.completer().execute(List.of(job));
  }

  private void deliverWhenWaited(AtomicInteger missing, JobFuture<String> job) {
    while (missing.get() > 0) {
      Thread.yield();
    }
    Thread.yield();
    deliver(job, result());
  }

  private JobFuture<String> future(long id) {
    return future(loop, id);
  }

  private static JobFuture<String> future(PoolLoop loop, long id) {
    HandlerRef<String, String> handler =
        new HandlerRef<>("h", Frame.Encoding.BINARY, TextResult.TEXT, TextResult.TEXT);
    return new JobFuture<>(loop, id, handler, null, JobOptions.defaults(), null);
  }

  private static Delivery result() {
    Frame.Result reply = new Frame.Result(1, 1, new byte[] {'d', 'o', 'n', 'e'});
    return new Delivery(new Outcome.Replied(true, reply), 1, 1, null, "", System.nanoTime());
  }

  private static PoolConfig config() {
    return ProcessPool.builder().name("test").workers(1).config();
  }
}
