package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.transport.TransportKind;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A pool whose workers are threads of this process. */
@Timeout(60)
class InProcessTest {

  private static final AtomicInteger STARTED = new AtomicInteger();
  private static final AtomicInteger STOPPED = new AtomicInteger();
  private static volatile CountDownLatch released = new CountDownLatch(1);

  private static ProcessPool.Builder here() {
    return ProcessPool.builder().workers(2).inProcess();
  }

  @AfterEach
  void noThreadOfAWorkerIsLeft() {
    released.countDown();
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.equals("forkyard-job"))
                    .noneMatch(name -> name.equals("forkyard-beat"))
                    .noneMatch(name -> name.startsWith("forkyard-in-process")));
    released = new CountDownLatch(1);
  }

  /** A bag that may be changed. */
  public record Bag(List<String> things) {}

  /** Changes what it is given. */
  public static final class Fill implements JobHandler<Bag, Bag> {
    @Override
    public void start() {
      STARTED.incrementAndGet();
    }

    @Override
    public Bag handle(Bag bag, JobContext context) {
      bag.things().add(context.setting("thing").orElse("?"));
      return bag;
    }

    @Override
    public void stop() {
      STOPPED.incrementAndGet();
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void jobsRunInThisProcessAndTheirValuesAreCopiedByTheirCodecsAllTheSame(TransportKind kind) {
    STARTED.set(0);
    STOPPED.set(0);
    Set<ProcessHandle> children = ProcessHandle.current().children().collect(Collectors.toSet());
    try (ProcessPool pool = here().workers(1).transport(kind).setting("thing", "b").build()) {
      Bag bag = new Bag(new ArrayList<>(List.of("a")));
      Bag filled = pool.submit(Fill.class, bag).join();
      assertThat(filled.things()).containsExactly("a", "b");
      assertThat(bag.things()).containsExactly("a");
      long pid = pool.submit(() -> ProcessHandle.current().pid()).join();
      assertThat(pid).isEqualTo(ProcessHandle.current().pid());
      assertThat(pool.workers()).singleElement().extracting(WorkerInfo::pid).isEqualTo(pid);
      assertThat(ProcessHandle.current().children()).isSubsetOf(children);
      try (Stream<String> all =
          pool.map(ProcessPoolTest.Obey.class, Stream.generate(() -> "x").limit(5_000))) {
        assertThat(all).hasSize(5_000);
      }
      assertThat(pool.stats().lost()).isZero();
    }
    assertThat(STARTED).hasValue(1);
    assertThat(STOPPED).hasValue(1);
  }

  @Test
  void whatWouldFailInAnotherProcessFailsHereToo() {
    try (ProcessPool pool = here().build()) {
      assertThatThrownBy(() -> pool.submit(() -> new Bag(new ArrayList<>())).join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("Bag");
      Object lock = new Object();
      assertThatThrownBy(() -> pool.submit(() -> lock.hashCode()).join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("captured[0] (class java.lang.Object) is not Serializable");
      assertThatThrownBy(() -> pool.submit(ProcessPoolTest.Obey.class, "throw loud").join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("loud");
    }
  }

  /** Heeds an interrupt, or not, until the test lets it go. */
  public static final class Wait implements JobHandler<Boolean, String> {
    @Override
    public String handle(Boolean heeds, JobContext context) throws InterruptedException {
      while (true) {
        try {
          released.await();
          return "released";
        } catch (InterruptedException e) {
          if (heeds) {
            throw e;
          }
        }
      }
    }
  }

  @Test
  void aDeadlineEndsTheFutureAndInterruptsTheThreadAndNeighboursGoOn() throws Exception {
    JobOptions quick = JobOptions.timeout(Duration.ofMillis(200));
    try (ProcessPool pool = here().workers(1).build()) {
      for (boolean heeds : new boolean[] {true, false}) {
        JobFuture<String> late = pool.submit(Wait.class, heeds, quick);
        JobFuture<String> next = pool.submit(ProcessPoolTest.Obey.class, "next");
        assertThatThrownBy(() -> late.get(30, TimeUnit.SECONDS))
            .cause()
            .isInstanceOfSatisfying(
                JobTimeoutException.class,
                // Where neither the JVM nor the kernel has time to tell, it is without a dump.
                timeout ->
                    assertThat(timeout.deadline()).isEqualTo(JobTimeoutException.Deadline.RUN));
        assertThat(next.get(30, TimeUnit.SECONDS)).isEqualTo("next");
      }
      assertThat(threads("forkyard-job")).isGreaterThanOrEqualTo(1);
    }
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .count();
  }

  @Test
  void aRunningJobIsCancelledAndShutdownNowWaitsForNone() {
    ProcessPool pool = here().build();
    JobFuture<String> first = pool.submit(Wait.class, true);
    await().until(() -> pool.stats().running() == 1);
    assertThat(first.cancel(true)).isTrue();
    assertThat(pool.submit(ProcessPoolTest.Obey.class, "a").join()).isEqualTo("a");
    JobFuture<String> stubborn = pool.submit(Wait.class, false);
    await().until(() -> pool.stats().running() == 1);
    pool.shutdownNow();
    assertThatThrownBy(stubborn::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void anErrorOfTheMachineCostsItsWorkerAlone() {
    try (ProcessPool pool = here().workers(1).build()) {
      assertThatThrownBy(
              () ->
                  pool.submit(
                          () -> {
                            throw new InternalError("in doubt");
                          })
                      .join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("in doubt");
      assertThat(pool.submit(ProcessPoolTest.Obey.class, "a").join()).isEqualTo("a");
      assertThat(pool.stats().started()).isEqualTo(2);
    }
  }

  @Test
  void workersAreWarmedUpAndRecycledAsOthersAre() {
    STARTED.set(0);
    STOPPED.set(0);
    try (ProcessPool pool =
        here()
            .workers(1)
            .maxJobsPerWorker(1)
            .warmUp(Fill.class)
            .handler(Fill.class, Fill::new)
            .build()) {
      for (int i = 0; i < 5; i++) {
        pool.submit(ProcessPoolTest.Obey.class, "a").join();
      }
    }
    assertThat(STARTED.get()).isGreaterThanOrEqualTo(5);
    assertThat(STOPPED.get()).isGreaterThanOrEqualTo(5);
  }

  @Test
  void aWarmUpThatThrowsBreaksThePool() {
    try (ProcessPool pool =
        here().workers(1).warmUp(ProcessPoolTest.Obey.class, "throw too cold").build()) {
      assertThatThrownBy(() -> pool.submit(ProcessPoolTest.Obey.class, "a").join())
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("a handler could not be warmed up")
          .hasMessageContaining("too cold");
    }
  }

  @Test
  void aPoolThatClosesWhileItsWorkersStartLeavesNothing() {
    for (int i = 0; i < 50; i++) {
      here().build().shutdownNow();
    }
  }

  /** Has a pool in this process too. */
  public static final class Deeper implements JobHandler<Integer, Integer> {
    @Override
    public Integer handle(Integer levels, JobContext context) {
      if (levels == 0) {
        return 1;
      }
      try (ProcessPool pool = here().workers(1).build()) {
        return 1 + pool.submit(Deeper.class, levels - 1).join();
      }
    }
  }

  @Test
  void poolsWithinEachOtherAreCountedHereToo() {
    try (ProcessPool pool = here().workers(1).build()) {
      assertThat(pool.submit(Deeper.class, 2).join()).isEqualTo(3);
      assertThatThrownBy(() -> pool.submit(Deeper.class, 3).join())
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("would have 3 pools around it");
    }
    assertThat(Nesting.of(0).ofWorkers()).isEqualTo("1/3");
  }

  @Test
  void debuggingOfProcessesThatAreNotThereIsRefused() {
    assertThatThrownBy(() -> here().debugWorkers(5005).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("debugWorkers and inProcess exclude each other");
  }
}
