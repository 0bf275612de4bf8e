package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.protocol.Frame;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whether who gives up a stage that depends on a job gives up the job. */
@Timeout(60)
class DependentFutureTest {

  private final PoolLoop loop =
      new PoolLoop(ProcessPool.builder().name("test").workers(1).config(), freed -> {});

  @AfterEach
  void close() {
    loop.completer().close();
  }

  private JobFuture<String> job() {
    HandlerRef<String, String> handler =
        new HandlerRef<>("h", Frame.Encoding.BINARY, TextResult.TEXT, TextResult.TEXT);
    return new JobFuture<>(loop, 1, handler, null, JobOptions.defaults(), null);
  }

  private interface Stages extends Function<JobFuture<String>, CompletableFuture<?>> {}

  private static Arguments stages(String name, Stages stages) {
    return Arguments.of(name, stages);
  }

  static Stream<Arguments> soleOnes() {
    return Stream.of(
        stages("one", job -> job.thenApply(String::length)),
        stages("the last of several", job -> job.thenApply(String::trim).thenAccept(text -> {})),
        stages("what comes after a failure", job -> job.exceptionally(failure -> "none")),
        stages(
            "one of two futures",
            job -> job.thenCombine(new CompletableFuture<String>(), String::concat)),
        stages("one that leads to another", job -> job.thenCompose(text -> new DoneLater())),
        stages(
            "one of a job with a timeout",
            job -> job.orTimeout(1, TimeUnit.DAYS).thenApply(String::length)),
        stages(
            "one of a job with a default",
            job -> job.completeOnTimeout("", 1, TimeUnit.DAYS).thenApply(String::length)),
        stages(
            "one with a timeout",
            job -> job.thenApply(String::trim).orTimeout(1, TimeUnit.DAYS).thenRun(() -> {})));
  }

  private static final class DoneLater extends CompletableFuture<String> {}

  @ParameterizedTest(name = "{0}")
  @MethodSource("soleOnes")
  void whoeverEndsTheSoleStageEndsTheJob(String name, Stages stages) {
    JobFuture<String> cancelled = job();
    assertThat(stages.apply(cancelled).cancel(true)).isTrue();
    assertThat(cancelled.isCancelled()).isTrue();
    JobFuture<String> failed = job();
    assertThat(stages.apply(failed).completeExceptionally(new IllegalStateException())).isTrue();
    assertThat(failed.isCancelled()).isTrue();
    JobFuture<String> answered = job();
    assertThat(stages.apply(answered).complete(null)).isTrue();
    assertThat(answered.isCancelled()).isTrue();
    JobFuture<String> late = job();
    CompletableFuture<?> stage = stages.apply(late).orTimeout(1, TimeUnit.MILLISECONDS);
    await().until(stage::isCompletedExceptionally);
    await().until(late::isCancelled);
  }

  static Stream<Arguments> othersThatWant() {
    return Stream.of(
        stages("another stage", job -> job.thenApply(String::length)),
        stages(
            "another one of a job with a timeout",
            job -> {
              job.orTimeout(1, TimeUnit.DAYS);
              return job.whenComplete((text, failure) -> {});
            }),
        stages("a copy", CompletableFuture::copy),
        stages("a minimal stage", job -> job.minimalCompletionStage().toCompletableFuture()),
        stages("all of several", CompletableFuture::allOf),
        stages(
            "one of another future",
            job -> CompletableFuture.completedFuture("x").thenCombine(job, String::concat)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("othersThatWant")
  void aJobThatAnotherWantsGoesOn(String name, Stages other) {
    JobFuture<String> job = job();
    CompletableFuture<Integer> stage = job.thenApply(String::length);
    CompletableFuture<?> wants = other.apply(job);
    assertThat(stage.cancel(true)).isTrue();
    assertThat(job.isDone()).isFalse();
    assertThat(job.complete("done")).isTrue();
    assertThat(wants).isCompleted();
    assertThat(stage).isCancelled();
  }

  @Test
  void aJobForWhichAThreadWaitsGoesOn() {
    JobFuture<String> job = job();
    CompletableFuture<Integer> stage = job.thenApply(String::length);
    Thread waits = new Thread(job::join);
    waits.start();
    await().until(() -> !job.hasSoleDependent());
    assertThat(stage.cancel(true)).isTrue();
    assertThat(job.isDone()).isFalse();
    job.complete("done");
    await().until(() -> !waits.isAlive());
  }

  @Test
  void aCopyEndsAloneAlsoWhereItIsTheOnlyOne() {
    JobFuture<String> job = job();
    assertThat(job.copy().cancel(true)).isTrue();
    assertThat(job.thenApply(String::trim).copy().cancel(true)).isTrue();
    assertThat(job.isDone()).isFalse();
  }

  @Test
  void aStageThatHasEndedEndsNothing() {
    JobFuture<String> job = job();
    CompletableFuture<String> stage = job.thenApply(String::trim);
    CompletableFuture<Integer> next = stage.thenApply(String::length);
    job.complete("done");
    assertThat(next.cancel(true)).isFalse();
    assertThat(next).isCompletedWithValue(4);
    assertThat(stage.thenApply(String::length).complete(0)).isFalse();
  }

  @Test
  void aChainWithoutEndKeepsNoStages() {
    JobFuture<String> job = job();
    CompletableFuture<String> last = job.thenApply(String::trim);
    WeakReference<CompletableFuture<String>> first = new WeakReference<>(last);
    CompletableFuture<String> later = last.thenApply(String::trim);
    last = later;
    job.complete("done");
    await()
        .until(
            () -> {
              System.gc();
              return first.get() == null;
            });
    assertThat(last).isCompletedWithValue("done");
  }

  @Test
  void theWorkerOfAJobWhoseSoleStageIsCancelledIsStopped() {
    try (ProcessPool pool = ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).build()) {
      CompletableFuture<Integer> length =
          pool.submit(ProcessPoolTest.Obey.class, "spin").thenApply(String::length);
      await().until(() -> pool.stats().running() == 1);
      length.cancel(true);
      await().atMost(Duration.ofSeconds(20)).until(() -> pool.stats().cancelled() == 1);
      assertThat(pool.submit(ProcessPoolTest.Obey.class, "a").thenApply(String::length).join())
          .isEqualTo(1);
    }
  }

  static Stream<Arguments> endings() {
    return Stream.of(
        stages("its timeout", job -> late(job.orTimeout(200, TimeUnit.MILLISECONDS))),
        stages(
            "the timeout of its sole stage",
            job -> late(job.thenApply(String::trim).orTimeout(200, TimeUnit.MILLISECONDS))),
        stages(
            "the timeout of the last of several",
            job ->
                late(
                    job.thenApply(String::trim)
                        .thenApply(String::trim)
                        .orTimeout(200, TimeUnit.MILLISECONDS))),
        stages(
            "a cancel",
            job -> {
              CompletableFuture<String> seen = late(job);
              CompletableFuture.runAsync(() -> job.cancel(true));
              return seen;
            }));
  }

  private static final AtomicReference<ProcessPool> POOL = new AtomicReference<>();

  /** The callback waits for the only worker. */
  private static CompletableFuture<String> late(CompletableFuture<String> stage) {
    return stage.handle(
        (text, failure) -> POOL.get().submit(ProcessPoolTest.Obey.class, "another").join());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("endings")
  @Timeout(60)
  void theWorkerIsFreeForWhatACallbackAsksFor(String name, Stages ending) {
    try (ProcessPool pool = ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).build()) {
      POOL.set(pool);
      JobFuture<String> job = pool.submit(ProcessPoolTest.Obey.class, "spin");
      assertThat(ending.apply(job)).succeedsWithin(Duration.ofSeconds(40)).isEqualTo("another");
    }
  }
}
