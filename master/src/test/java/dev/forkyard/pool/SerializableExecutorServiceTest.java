package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.worker.SerializableCallable;
import dev.forkyard.worker.SerializableRunnable;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * The contract of an executor service, kept with real processes: the cases of the JSR-166 TCK that
 * apply (docs/handlers.md says which do not), for tasks that serialize, and what is said beyond it.
 */
@Timeout(60)
class SerializableExecutorServiceTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  private static ProcessPool pool;

  @TempDir private Path directory;

  @BeforeAll
  static void startPool() {
    pool = ProcessPool.builder().workers(2).workerHeapBytes(64 << 20).build();
  }

  @AfterAll
  static void closePool() {
    pool.close();
  }

  // What tasks do.

  static String answer() {
    return "answer";
  }

  static void nothing() {}

  static String fail() {
    throw new ArithmeticException("no");
  }

  /** Tells that it runs, with its process's id, and runs until it may go. */
  static String hold(String mark, String go) throws IOException {
    tell(mark);
    while (Files.notExists(Path.of(go))) {
      LockSupport.parkNanos(1_000_000);
    }
    return "held";
  }

  private static void tell(String mark) throws IOException {
    Path half = Path.of(mark + ".half");
    Files.writeString(half, String.valueOf(ProcessHandle.current().pid()));
    Files.move(half, Path.of(mark));
  }

  private String mark(String name) {
    return directory.resolve(name).toString();
  }

  private SerializableCallable<String> holding(String name) {
    String mark = mark(name);
    String go = mark("go");
    return () -> hold(mark, go);
  }

  private void release() throws IOException {
    Files.createFile(directory.resolve("go"));
  }

  private long awaitRunning(String name) throws IOException {
    Path mark = directory.resolve(name);
    await().until(() -> Files.exists(mark));
    return Long.parseLong(Files.readString(mark));
  }

  private static long ready() {
    return pool.workers().stream().filter(w -> w.state() == WorkerInfo.State.READY).count();
  }

  private static void assertGone(long pid) {
    assertThat(ProcessHandle.of(pid)).isEmpty();
  }

  private static <T> void assertFailed(Future<T> future) {
    assertThatThrownBy(future::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JobFailedException.class,
            failed -> {
              assertThat(failed.errorClass()).isEqualTo("java.lang.ArithmeticException");
              assertThat(failed.errorMessage()).isEqualTo("no");
              assertThat(failed.remoteStack()).contains("SerializableExecutorServiceTest.fail");
            });
  }

  @Nested
  class Submitting {

    @Test
    void aCallableAnswersWithItsResult() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        assertThat(executor.submit(() -> answer()).get()).isEqualTo("answer");
        assertThat(executor.submit(SerializableExecutorServiceTest::answer).get())
            .isEqualTo("answer");
        Callable<String> plain = new SerializableTask("a class that serializes");
        assertThat(executor.submit(plain).get()).isEqualTo("a class that serializes");
        assertThat(executor.submit(() -> (String) null).get()).isNull();
      }
    }

    @Test
    void aRunnableAnswersWithNullOrWithTheResultThatStayedHere() throws Exception {
      Object stays = new Object();
      String mark = mark("ran");
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        Future<?> plain = executor.submit(() -> nothing());
        assertThat(plain.get()).isNull();
        assertThat(plain.get(0, TimeUnit.MILLISECONDS)).isNull();
        assertThat(plain.isDone()).isTrue();
        assertThat(plain.isCancelled()).isFalse();
        assertThat(executor.submit(() -> nothing(), stays).get()).isSameAs(stays);
        Runnable other = new SerializableTask(mark);
        assertThat(executor.submit(other).get()).isNull();
        assertThat(executor.submit(other, stays).get()).isSameAs(stays);
        assertThat(directory.resolve("ran")).exists();
        assertThat(executor.submit((Runnable) new SerializableTask("/no/such/directory"), stays))
            .failsWithin(LONG);
      }
    }

    /** As a callable it answers with its text, as a runnable it makes that file. */
    static final class SerializableTask implements Callable<String>, Runnable, Serializable {
      private final String text;

      SerializableTask(String text) {
        this.text = text;
      }

      @Override
      public String call() {
        return text;
      }

      @Override
      public void run() {
        try {
          Files.writeString(Path.of(text), "");
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    }

    @Test
    void whatIsExecutedRuns() {
      String first = mark("first");
      String second = mark("second");
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        executor.execute(
            () -> {
              try {
                tell(first);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
        executor.execute((Runnable) new SerializableTask(second));
      }
      assertThat(directory.resolve("first")).exists();
      assertThat(directory.resolve("second")).exists();
    }

    @Test
    void aFailureOfWhatIsExecutedIsLogged() {
      ListAppender<ILoggingEvent> lines = new ListAppender<>();
      Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
      lines.start();
      logger.addAppender(lines);
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        executor.execute(() -> fail());
        await()
            .untilAsserted(
                () ->
                    assertThat(List.copyOf(lines.list))
                        .anySatisfy(
                            line -> {
                              assertThat(line.getFormattedMessage()).contains("failed");
                              assertThat(line.getThrowableProxy().getMessage())
                                  .contains("ArithmeticException");
                            }));
      } finally {
        logger.detachAppender(lines);
      }
    }

    @Test
    void aTaskThatThrowsIsAnExecutionExceptionWithTheWorkersStack() {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        assertFailed(executor.submit(() -> fail()));
        assertFailed(executor.submit(() -> fail(), "never"));
      }
    }

    @Test
    void nullIsRefused() {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        assertThatNullPointerException().isThrownBy(() -> executor.execute((Runnable) null));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.execute((SerializableRunnable) null));
        assertThatNullPointerException().isThrownBy(() -> executor.submit((Runnable) null));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.submit((SerializableRunnable) null));
        assertThatNullPointerException().isThrownBy(() -> executor.submit((Runnable) null, "x"));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.submit((SerializableRunnable) null, "x"));
        assertThatNullPointerException().isThrownBy(() -> executor.submit((Callable<?>) null));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.submit((SerializableCallable<?>) null));
      }
    }

    @Test
    void oneTaskMayBeSubmittedOftenAndBySeveralThreads() throws Exception {
      SerializableCallable<String> task = SerializableExecutorServiceTest::answer;
      ExecutorService threads = Executors.newFixedThreadPool(8);
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<Future<Integer>> sums = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          sums.add(
              threads.submit(
                  () -> {
                    int right = 0;
                    for (int n = 0; n < 125; n++) {
                      right += executor.submit(task).get().equals("answer") ? 1 : 0;
                    }
                    return right;
                  }));
        }
        for (Future<Integer> sum : sums) {
          assertThat(sum.get()).isEqualTo(125);
        }
      } finally {
        threads.shutdown();
      }
    }

    @Test
    void aThreadThatWaitsForAResultCanBeInterrupted() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Future<String> future = executor.submit(holding("held"));
        Thread waiter =
            new Thread(
                () -> {
                  try {
                    future.get();
                    interrupted.complete(false);
                  } catch (InterruptedException e) {
                    interrupted.complete(!Thread.currentThread().isInterrupted());
                  } catch (ExecutionException e) {
                    interrupted.completeExceptionally(e);
                  }
                });
        waiter.start();
        awaitRunning("held");
        waiter.interrupt();
        assertThat(interrupted).succeedsWithin(LONG).isEqualTo(true);
        release();
        assertThat(future.get()).isEqualTo("held");
      }
    }

    @Test
    void aCancelledTaskIsThatToWhoeverAsks() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<Future<String>> futures = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
          futures.add(executor.submit(holding(name)));
        }
        awaitRunning("a");
        // The last one first, so that the end of another one does not let it start.
        Collections.reverse(futures);
        for (Future<String> future : futures) {
          assertThat(future.cancel(false)).isTrue();
          assertThatThrownBy(future::get).isInstanceOf(CancellationException.class);
          assertThatThrownBy(() -> future.get(1, TimeUnit.SECONDS))
              .isInstanceOf(CancellationException.class);
          assertThat(future.isCancelled()).isTrue();
          assertThat(future.isDone()).isTrue();
          assertThat(future.cancel(true)).isTrue();
        }
      }
      assertThat(directory.resolve("c")).doesNotExist();
    }
  }

  @Nested
  class WhatCanNotBeSent {

    private static final class Report implements SerializableCallable<String> {
      private final Object[] rows;

      Report(Object... rows) {
        this.rows = rows;
      }

      @Override
      public String call() {
        return Arrays.toString(rows);
      }
    }

    @Test
    void isRefusedAtOnceWithThePathToTheField() {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        Report report = new Report("fine", new Thread());
        assertThatThrownBy(() -> executor.submit(report))
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("Report.rows[1] (class java.lang.Thread) is not Serializable")
            .hasCauseInstanceOf(java.io.NotSerializableException.class);
        Runnable plain = () -> nothing();
        assertThatThrownBy(() -> executor.execute(plain))
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("$$Lambda")
            .hasMessageContaining("is not Serializable");
        assertThatThrownBy(() -> executor.invokeAll(List.of(SerializableTasks.GOOD, report)))
            .isInstanceOf(RejectedExecutionException.class);
      }
    }

    @Test
    void areTasksThatOthersWrapForTheirOwnThreads() {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        assertThatThrownBy(
                () ->
                    new ExecutorCompletionService<String>(executor).submit(SerializableTasks.GOOD))
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("ExecutorCompletionService$QueueingFuture is not Serializable");
        assertThatThrownBy(() -> CompletableFuture.supplyAsync(() -> "x", executor))
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("CompletableFuture$AsyncSupply");
      }
    }

    @Test
    void isATaskLargerThanAFrame() {
      byte[] large = new byte[200_000];
      try (ProcessPool small = ProcessPool.builder().workers(1).maxFrameBytes(100_000).build();
          SerializableExecutorService executor = small.asExecutorService()) {
        assertThatThrownBy(() -> executor.submit(() -> large.length))
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("maxFrameBytes")
            .hasCauseInstanceOf(JobRejectedException.class);
      }
    }
  }

  private static final class SerializableTasks {
    static final SerializableCallable<String> GOOD = SerializableExecutorServiceTest::answer;
    static final SerializableCallable<String> BAD = SerializableExecutorServiceTest::fail;
  }

  @Nested
  class InvokingAll {

    @Test
    void answersWithAllResultsInTheOrderOfTheTasks() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<SerializableCallable<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          int n = i;
          tasks.add(() -> n);
        }
        for (List<Future<Integer>> futures :
            List.of(executor.invokeAll(tasks), executor.invokeAll(tasks, 30, TimeUnit.SECONDS))) {
          assertThat(futures).allMatch(Future::isDone).hasSize(100);
          for (int i = 0; i < 100; i++) {
            assertThat(futures.get(i).get()).isEqualTo(i);
          }
        }
        assertThat(executor.invokeAll(List.of(() -> 1, () -> 2))).hasSize(2);
        Collection<Callable<String>> plain = List.of(SerializableTasks.GOOD);
        assertThat(executor.invokeAll(plain).get(0).get()).isEqualTo("answer");
        assertThat(executor.invokeAll(plain, 30, TimeUnit.SECONDS).get(0).get())
            .isEqualTo("answer");
      }
    }

    @Test
    void answersAlsoWhenSomeFail() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<SerializableCallable<String>> tasks =
            List.of(SerializableTasks.BAD, SerializableTasks.GOOD);
        for (List<Future<String>> futures :
            List.of(executor.invokeAll(tasks), executor.invokeAll(tasks, 30, TimeUnit.SECONDS))) {
          assertFailed(futures.get(0));
          assertThat(futures.get(1).get()).isEqualTo("answer");
        }
      }
    }

    @Test
    void refusesNullAndDoesNothingForNothing() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        Collection<Callable<String>> none = List.of();
        assertThat(executor.invokeAll(none)).isEmpty();
        assertThat(executor.invokeAll(none, 1, TimeUnit.SECONDS)).isEmpty();
        Collection<Callable<String>> noTasks = null;
        assertThatNullPointerException().isThrownBy(() -> executor.invokeAll(noTasks));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.invokeAll(noTasks, 1, TimeUnit.SECONDS));
        assertThatNullPointerException().isThrownBy(() -> executor.invokeAll(none, 1, null));
      }
    }

    @Test
    void cancelsWhatItHadSubmittedWhereOneTaskIsNull() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<SerializableCallable<String>> tasks = new ArrayList<>(List.of(holding("held")));
        tasks.add(null);
        assertThatNullPointerException().isThrownBy(() -> executor.invokeAll(tasks));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.invokeAll(tasks, 30, TimeUnit.SECONDS));
        executor.shutdown();
        assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      }
    }

    @Test
    void cancelsWhatHasNotEndedWhenTheTimeIsUp() throws Exception {
      // Tests before this one have ended workers, and to boot takes time.
      await().until(() -> ready() == 2);
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<SerializableCallable<String>> tasks =
            List.of(SerializableTasks.GOOD, holding("held"), SerializableTasks.GOOD);
        List<Future<String>> futures = executor.invokeAll(tasks, 5, TimeUnit.SECONDS);
        assertThat(futures).hasSize(3).allMatch(Future::isDone);
        assertThat(futures.get(0).get()).isEqualTo("answer");
        assertThat(futures.get(1).isCancelled()).isTrue();
        assertThat(futures.get(2).get()).isEqualTo("answer");
      }
    }

    @Test
    void neitherWaitsForAFullQueueNorRunsAnythingOnceTheTimeIsUp() throws Exception {
      try (ProcessPool full =
              ProcessPool.builder().workers(1).prefetch(0).queueCapacity(1).build();
          SerializableExecutorService executor = full.asExecutorService()) {
        List<SerializableCallable<String>> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
          tasks.add(holding("n" + i));
        }
        List<Future<String>> futures = executor.invokeAll(tasks, 300, TimeUnit.MILLISECONDS);
        assertThat(futures).hasSize(10).allMatch(Future::isCancelled);
        assertThat(executor.invokeAll(tasks, 0, TimeUnit.SECONDS)).allMatch(Future::isCancelled);
        assertThat(executor.invokeAll(tasks, Long.MIN_VALUE, TimeUnit.DAYS))
            .allMatch(Future::isCancelled);
      }
      assertThat(directory.resolve("n9")).doesNotExist();
    }

    @Test
    void cancelsAllWhenItsThreadIsInterrupted() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<SerializableCallable<String>> tasks = List.of(holding("a"), holding("b"));
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread invoker =
            new Thread(
                () -> {
                  try {
                    executor.invokeAll(tasks);
                    thrown.complete(null);
                  } catch (InterruptedException e) {
                    thrown.complete(e);
                  }
                });
        invoker.start();
        long pid = awaitRunning("a");
        awaitRunning("b");
        invoker.interrupt();
        assertThat(thrown).succeedsWithin(LONG).isInstanceOf(InterruptedException.class);
        executor.shutdown();
        assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertGone(pid);
      }
    }
  }

  @Nested
  class InvokingAny {

    @Test
    void answersWithTheFirstThatSucceedsAndStopsTheOthers() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        String loser = mark("loser");
        String go = mark("go");
        SerializableCallable<String> winner =
            () -> {
              while (Files.notExists(Path.of(loser))) {
                LockSupport.parkNanos(1_000_000);
              }
              return "winner";
            };
        List<SerializableCallable<String>> tasks =
            List.of(SerializableTasks.BAD, () -> hold(loser, go), winner);
        assertThat(executor.invokeAny(tasks)).isEqualTo("winner");
        executor.shutdown();
        assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertGone(awaitRunning("loser"));
      }
    }

    @Test
    void answersWithOneResult() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        String any = executor.invokeAny(List.of(() -> answer(), () -> answer()));
        assertThat(any).isEqualTo("answer");
        Collection<Callable<String>> plain = List.of(SerializableTasks.GOOD);
        assertThat(executor.invokeAny(plain)).isEqualTo("answer");
        assertThat(executor.invokeAny(plain, 30, TimeUnit.SECONDS)).isEqualTo("answer");
        assertThat(
                executor.invokeAny(
                    List.of(SerializableTasks.BAD, SerializableTasks.GOOD), 30, TimeUnit.SECONDS))
            .isEqualTo("answer");
      }
    }

    @Test
    void failsAsTheLastOneDidWhereAllFail() {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        List<SerializableCallable<String>> tasks =
            List.of(SerializableTasks.BAD, SerializableTasks.BAD);
        assertThatThrownBy(() -> executor.invokeAny(tasks))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(JobFailedException.class);
        assertThatThrownBy(() -> executor.invokeAny(tasks, 30, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(JobFailedException.class);
      }
    }

    @Test
    void refusesNullAndNothing() {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        Collection<Callable<String>> none = List.of();
        Collection<Callable<String>> noTasks = null;
        List<SerializableCallable<String>> oneNull = new ArrayList<>(List.of(holding("held")));
        oneNull.add(null);
        assertThatNullPointerException().isThrownBy(() -> executor.invokeAny(noTasks));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.invokeAny(noTasks, 1, TimeUnit.SECONDS));
        assertThatNullPointerException().isThrownBy(() -> executor.invokeAny(oneNull));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.invokeAny(oneNull, 30, TimeUnit.SECONDS));
        assertThatNullPointerException()
            .isThrownBy(() -> executor.invokeAny(List.of(SerializableTasks.GOOD), 1, null));
        assertThatThrownBy(() -> executor.invokeAny(none))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> executor.invokeAny(none, 1, TimeUnit.SECONDS))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }

    @Test
    void givesUpWhenTheTimeIsUpAndStopsAll() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        assertThatThrownBy(
                () -> executor.invokeAny(List.of(holding("held")), 500, TimeUnit.MILLISECONDS))
            .isInstanceOf(TimeoutException.class);
        assertThatThrownBy(
                () -> executor.invokeAny(List.of(holding("never")), 0, TimeUnit.MILLISECONDS))
            .isInstanceOf(TimeoutException.class);
        executor.shutdown();
        assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(directory.resolve("never")).doesNotExist();
    }
  }

  @Nested
  class TheEnd {

    @Test
    void isAwaitedUntilTheTimeIsUpAndNoLonger() throws Exception {
      SerializableExecutorService executor = pool.asExecutorService();
      assertThat(executor.isShutdown()).isFalse();
      assertThat(executor.isTerminated()).isFalse();
      for (long timeout : new long[] {Long.MIN_VALUE, -1, 0, 1}) {
        assertThat(executor.awaitTermination(timeout, TimeUnit.MILLISECONDS)).isFalse();
      }
      Future<String> future = executor.submit(holding("held"));
      executor.shutdown();
      assertThat(executor.isShutdown()).isTrue();
      assertThat(executor.isTerminated()).isFalse();
      assertThat(executor.awaitTermination(20, TimeUnit.MILLISECONDS)).isFalse();
      release();
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(executor.isTerminated()).isTrue();
      assertThat(future.isDone()).isTrue();
      assertThat(future.get()).isEqualTo("held");
    }

    @Test
    void mayBeWaitedForByWhatATasksEndCalls() {
      SerializableExecutorService executor = pool.asExecutorService();
      assertThat(executor.submit(() -> "a").thenRun(executor::close))
          .succeedsWithin(Duration.ofSeconds(30));
      assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void ofOneWithoutTasksIsThereAtOnce() throws Exception {
      SerializableExecutorService executor = pool.asExecutorService();
      executor.shutdown();
      assertThat(executor.isTerminated()).isTrue();
      assertThat(executor.awaitTermination(0, TimeUnit.SECONDS)).isTrue();
      assertThat(pool.asExecutorService().shutdownNow()).isEmpty();
      assertThat(executor.shutdownNow()).isEmpty();
    }

    @Test
    void whoeverSubmitsAfterwardsIsRefusedAndThePoolGoesOn() throws Exception {
      SerializableExecutorService executor = pool.asExecutorService();
      Future<String> held = executor.submit(holding("held"));
      executor.shutdown();
      assertRefuses(executor);
      assertThat(executor.isTerminated()).isFalse();
      assertThat(pool.submit(() -> "goes on").join()).isEqualTo("goes on");
      assertThat(pool.asExecutorService().submit(() -> "too").get()).isEqualTo("too");
      release();
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertRefuses(executor);
      assertThat(held.get()).isEqualTo("held");
    }

    private void assertRefuses(SerializableExecutorService executor) {
      SerializableRunnable runnable = () -> nothing();
      for (org.assertj.core.api.ThrowableAssert.ThrowingCallable each :
          List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
              () -> executor.execute(runnable),
              () -> executor.submit(runnable),
              () -> executor.submit(runnable, "x"),
              () -> executor.submit(SerializableTasks.GOOD),
              () -> executor.invokeAll(List.of(SerializableTasks.GOOD)),
              () -> executor.invokeAny(List.of(SerializableTasks.GOOD)))) {
        assertThatThrownBy(each).isInstanceOf(RejectedExecutionException.class);
      }
    }

    @Test
    void atOnceAnswersWithWhatNeverRanAndStopsWhatRuns() throws Exception {
      // So that workers get more than one task at a time.
      for (int i = 0; i < 100; i++) {
        pool.submit(() -> "short").join();
      }
      SerializableExecutorService executor = pool.asExecutorService();
      List<Future<?>> futures = new ArrayList<>();
      futures.add(executor.submit(holding("a")));
      futures.add(executor.submit(holding("b")));
      long a = awaitRunning("a");
      long b = awaitRunning("b");
      String go = mark("go");
      List<SerializableRunnable> waiting = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        String mark = mark("waiting-" + i);
        waiting.add(
            () -> {
              try {
                hold(mark, go);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
      }
      waiting.forEach(task -> futures.add(executor.submit(task)));
      futures.add(executor.submit(SerializableTasks.GOOD));

      List<Runnable> neverRan = executor.shutdownNow();

      assertThat(executor.isShutdown()).isTrue();
      assertThat(futures).allMatch(Future::isCancelled);
      assertThat(neverRan.subList(0, 20)).isEqualTo(waiting);
      assertThat(neverRan).hasSize(21);
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertGone(a);
      assertGone(b);
      assertThat(directory.resolve("waiting-0")).doesNotExist();
      release();
      try (SerializableExecutorService another = pool.asExecutorService()) {
        neverRan.forEach(another::execute);
      }
      assertThat(directory.resolve("waiting-19")).exists();
    }

    @Test
    void atOnceStopsItsOwnTasksAlone() throws Exception {
      SerializableExecutorService executor = pool.asExecutorService();
      JobFuture<String> others = pool.submit(holding("others"));
      executor.submit(holding("own"));
      awaitRunning("own");
      awaitRunning("others");
      assertThat(executor.shutdownNow()).isEmpty();
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      release();
      assertThat(others.join()).isEqualTo("held");
    }

    @Test
    void comesWhenThePoolIsClosed() throws Exception {
      ProcessPool own = ProcessPool.builder().workers(1).build();
      SerializableExecutorService executor = own.asExecutorService();
      Future<String> future = executor.submit(() -> answer());
      own.close();
      assertThat(executor.isShutdown()).isTrue();
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(future.get()).isEqualTo("answer");
      assertRefuses(executor);
      assertThat(own.asExecutorService().isTerminated()).isTrue();
      assertRefuses(own.asExecutorService());
    }

    @Test
    void comesAlsoWhenThePoolIsShutDownAtOnce() throws Exception {
      ProcessPool own = ProcessPool.builder().workers(1).build();
      SerializableExecutorService executor = own.asExecutorService();
      Future<String> running = executor.submit(holding("held"));
      Future<String> waiting = executor.submit(() -> answer());
      awaitRunning("held");
      own.shutdownNow();
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(running.isCancelled()).isTrue();
      assertThat(waiting.isCancelled()).isTrue();
    }

    @Test
    void isWaitedForByClose() throws Exception {
      SerializableExecutorService executor = pool.asExecutorService();
      Future<String> held = executor.submit(holding("held"));
      Thread closer = new Thread(executor::close);
      closer.start();
      await().until(executor::isShutdown);
      assertThat(closer.isAlive()).isTrue();
      release();
      closer.join(LONG.toMillis());
      assertThat(closer.isAlive()).isFalse();
      assertThat(held.get()).isEqualTo("held");
      executor.close();
    }

    @Test
    void isForcedByAnInterruptOfCloseWhichIsKept() throws Exception {
      SerializableExecutorService executor = pool.asExecutorService();
      Future<String> held = executor.submit(holding("held"));
      long pid = awaitRunning("held");
      AtomicBoolean interrupted = new AtomicBoolean();
      Thread closer =
          new Thread(
              () -> {
                executor.close();
                interrupted.set(Thread.currentThread().isInterrupted());
              });
      closer.start();
      await().until(executor::isShutdown);
      closer.interrupt();
      closer.join(LONG.toMillis());
      assertThat(interrupted).isTrue();
      assertThat(executor.isTerminated()).isTrue();
      assertThat(held.isCancelled()).isTrue();
      assertGone(pid);
    }

    @Test
    void isReachedByEveryTaskThatWasAcceptedWhileOthersShutItDown() throws Exception {
      ExecutorService threads = Executors.newFixedThreadPool(3);
      try {
        for (int round = 0; round < 100; round++) {
          SerializableExecutorService executor = pool.asExecutorService();
          List<Future<?>> accepted = Collections.synchronizedList(new ArrayList<>());
          CountDownLatch start = new CountDownLatch(3);
          boolean now = round % 2 == 0;
          Future<List<Runnable>> end =
              threads.submit(
                  () -> {
                    meet(start);
                    if (now) {
                      return executor.shutdownNow();
                    }
                    executor.shutdown();
                    return List.of();
                  });
          List<Future<?>> submitters = new ArrayList<>();
          for (int i = 0; i < 2; i++) {
            submitters.add(threads.submit(() -> submitUntilRefused(start, executor, accepted)));
          }
          List<Runnable> neverRan = end.get();
          for (Future<?> submitter : submitters) {
            submitter.get();
          }
          assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
          assertThat(accepted).allMatch(Future::isDone);
          assertThat(neverRan.size())
              .isLessThanOrEqualTo((int) accepted.stream().filter(Future::isCancelled).count());
        }
      } finally {
        threads.shutdown();
      }
    }

    private static void meet(CountDownLatch start) {
      start.countDown();
      while (start.getCount() > 0) {
        Thread.onSpinWait();
      }
    }

    private static void submitUntilRefused(
        CountDownLatch start, SerializableExecutorService executor, List<Future<?>> accepted) {
      meet(start);
      try {
        for (int i = 0; i < 1_000; i++) {
          accepted.add(executor.submit(SerializableTasks.GOOD));
        }
      } catch (RejectedExecutionException expected) {
        // It was shut down.
      }
    }
  }

  @Nested
  class AFullQueue {

    @Test
    void makesWhoSubmitsWaitAndAnInterruptThenIsARefusal() throws Exception {
      try (ProcessPool full =
              ProcessPool.builder().workers(1).prefetch(0).queueCapacity(1).build();
          SerializableExecutorService executor = full.asExecutorService()) {
        executor.submit(holding("held"));
        awaitRunning("held");
        executor.submit(() -> "waits");
        CompletableFuture<Throwable> refusal = new CompletableFuture<>();
        Thread submitter =
            new Thread(
                () -> {
                  try {
                    executor.submit(() -> "waits for a place");
                    refusal.complete(null);
                  } catch (RejectedExecutionException e) {
                    refusal.complete(Thread.currentThread().isInterrupted() ? e : null);
                  }
                });
        submitter.start();
        await().until(() -> submitter.getState() == Thread.State.WAITING);
        submitter.interrupt();
        assertThat(refusal)
            .succeedsWithin(LONG)
            .isInstanceOfSatisfying(
                RejectedExecutionException.class,
                e -> assertThat(e).hasMessageContaining("interrupted while waiting for a place"));
        release();
        assertThat(executor.submit(() -> "works again").get()).isEqualTo("works again");
      }
    }
  }

  /** What a completion service does, with the futures that there are. */
  @Nested
  class InTheOrderOfTheirEnd {

    private final BlockingQueue<JobFuture<String>> ended = new LinkedBlockingQueue<>();

    private JobFuture<String> submit(
        SerializableExecutorService executor, SerializableCallable<String> task) {
      JobFuture<String> future = executor.submit(task);
      future.whenComplete((value, failure) -> ended.add(future));
      return future;
    }

    @Test
    void futuresThatTellOfTheirEndAreTakenOnceDone() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        assertThat(ended.poll()).isNull();
        JobFuture<String> held = submit(executor, holding("held"));
        JobFuture<String> good = submit(executor, SerializableTasks.GOOD);
        assertThat(ended.take()).isSameAs(good).isDone();
        assertThat(ended.poll()).isNull();
        assertThat(ended.poll(1, TimeUnit.MILLISECONDS)).isNull();
        release();
        assertThat(ended.poll(30, TimeUnit.SECONDS)).isSameAs(held);
        assertThat(held.get()).isEqualTo("held");
      }
    }

    @Test
    void failuresAreAmongThem() throws Exception {
      try (SerializableExecutorService executor = pool.asExecutorService()) {
        IntStream.range(0, 4)
            .forEach(
                i -> submit(executor, i % 2 == 0 ? SerializableTasks.GOOD : SerializableTasks.BAD));
        int failures = 0;
        for (int i = 0; i < 4; i++) {
          failures += ended.take().isCompletedExceptionally() ? 1 : 0;
        }
        assertThat(failures).isEqualTo(2);
        assertThat(ended.poll()).isNull();
      }
    }
  }
}
