package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.pool.TiedJobsTest.Pid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How many workers there are for the jobs that there are, with real processes. */
@Timeout(90)
class ElasticTest {

  @TempDir private Path directory;

  private final List<PoolEvent> events = new CopyOnWriteArrayList<>();

  private ProcessPool.Builder small(int workers) {
    return ProcessPool.builder().workers(workers).workerHeapBytes(64 << 20).onEvent(events::add);
  }

  private static long count(ProcessPool pool, WorkerInfo.State state) {
    return pool.workers().stream().filter(worker -> worker.state() == state).count();
  }

  private static Set<Long> pids(ProcessPool pool) {
    Set<Long> pids = new HashSet<>();
    pool.workers().forEach(worker -> pids.add(worker.pid()));
    return pids;
  }

  /** So many jobs that run until they are released. */
  private List<JobFuture<Long>> burst(ProcessPool pool, String name, int jobs) {
    List<JobFuture<Long>> futures = new ArrayList<>();
    for (int i = 0; i < jobs; i++) {
      futures.add(pool.submit(Pid.class, directory.resolve(name + i).toString()));
    }
    return futures;
  }

  private Set<Long> release(String name, List<JobFuture<Long>> jobs) throws IOException {
    Set<Long> pids = new HashSet<>();
    for (int i = 0; i < jobs.size(); i++) {
      Files.createFile(directory.resolve(name + i));
    }
    jobs.forEach(job -> pids.add(job.join()));
    return pids;
  }

  @Test
  void aPoolShrinksToItsMinimumWhenItIdlesAndGrowsAgainOnABurst() throws IOException {
    try (ProcessPool pool =
        small(4).minWorkers(1).prefetch(0).idleTimeout(Duration.ofMillis(300)).build()) {
      await().until(() -> pool.stats().workers() == 1);
      List<JobFuture<Long>> first = burst(pool, "first", 4);
      await().until(() -> pool.stats().running() == 4);
      Set<Long> four = release("first", first);
      assertThat(four).hasSize(4);
      await().until(() -> pool.stats().workers() == 1);
      long left = pids(pool).iterator().next();
      assertThat(four).contains(left);
      await()
          .until(
              () -> four.stream().allMatch(pid -> pid == left || ProcessHandle.of(pid).isEmpty()));
      List<JobFuture<Long>> second = burst(pool, "second", 4);
      await().until(() -> pool.stats().running() == 4);
      assertThat(release("second", second)).hasSize(4).contains(left);
      assertThat(pool.stats().lost()).isZero();
      assertThat(pool.stats().succeeded()).isEqualTo(8);
    }
  }

  @Test
  void allWorkersThatABurstAsksForBootAtOnce() throws IOException {
    Path java = Files.createDirectories(directory.resolve("slow/bin")).resolve("java");
    String real = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path boot = directory.resolve("boot");
    Files.writeString(
        java,
        "#!/bin/sh\nwhile ! [ -e '"
            + boot
            + "' ]; do sleep 0.05; done\nexec '"
            + real
            + "' \"$@\"\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    try (ProcessPool pool =
        small(4)
            .minWorkers(0)
            .prefetch(0)
            .javaHome(directory.resolve("slow"))
            .classDataSharing(false)
            .build()) {
      assertThat(pool.stats().workers()).isZero();
      List<JobFuture<Long>> jobs = burst(pool, "job", 4);
      await().until(() -> count(pool, WorkerInfo.State.STARTING) == 4 && !pids(pool).contains(0L));
      Files.createFile(boot);
      assertThat(release("job", jobs)).isNotEmpty();
      assertThat(pool.stats().started()).isEqualTo(4);
    }
    await().until(() -> events.size() >= 4);
    assertThat(events.subList(0, 4)).allMatch(event -> event instanceof PoolEvent.WorkerStarting);
  }

  /** What each worker is to do first has no other one launched, which would have to do it too. */
  @Test
  void aStandingBroadcastIsNoReasonForMoreWorkers() {
    try (ProcessPool pool = small(4).minWorkers(0).prefetch(0).build()) {
      pool.broadcastAlways(ProcessPoolTest.Obey.class, "a", JobOptions.defaults());
      assertThat(pool.submit(ProcessPoolTest.Obey.class, "b").join()).isEqualTo("b");
      assertThat(pool.stats().started()).isEqualTo(1);
    }
  }

  @Test
  void sparesAreReadyBeyondTheWorkersThatTheJobsTake() throws IOException {
    try (ProcessPool pool = small(3).minWorkers(0).spareWorkers(1).prefetch(0).build()) {
      await().until(() -> count(pool, WorkerInfo.State.READY) == 1);
      List<JobFuture<Long>> one = burst(pool, "one", 1);
      await()
          .until(
              () ->
                  count(pool, WorkerInfo.State.BUSY) == 1
                      && count(pool, WorkerInfo.State.READY) == 1);
      List<JobFuture<Long>> two = burst(pool, "two", 2);
      await().until(() -> count(pool, WorkerInfo.State.BUSY) == 3);
      assertThat(pool.stats().workers()).isEqualTo(3);
      release("one", one);
      release("two", two);
    }
  }

  @Test
  void asManyProcessesServeManyJobsAsThereAreWorkersAndOneServesThoseThatComeOneByOne()
      throws IOException {
    try (ProcessPool pool = small(3).prefetch(0).build()) {
      List<JobFuture<Long>> jobs = burst(pool, "job", 30);
      await().until(() -> pool.stats().running() == 3);
      assertThat(release("job", jobs)).hasSize(3);
      Set<Long> oneByOne = new HashSet<>();
      for (int i = 0; i < 20; i++) {
        oneByOne.add(pool.submit(Pid.class, "").join());
      }
      assertThat(oneByOne).hasSize(1);
    }
  }

  @Test
  void eightThreadsMaySubmitAtOnceAndCallbacksToo() throws Exception {
    try (ProcessPool pool = small(2).queueCapacity(64).build()) {
      List<Thread> threads = new ArrayList<>();
      List<Integer> wrong = new CopyOnWriteArrayList<>();
      for (int t = 0; t < 8; t++) {
        int base = 1_000 * t;
        Thread thread =
            new Thread(
                () -> {
                  for (int i = base; i < base + 200; i++) {
                    int n = i;
                    CompletableFuture<Integer> twice =
                        pool.submit(() -> n).thenCompose(value -> pool.submit(() -> value + 1));
                    if (twice.join() != n + 1) {
                      wrong.add(n);
                    }
                  }
                });
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(wrong).isEmpty();
      assertThat(pool.stats().succeeded()).isEqualTo(8 * 200 * 2);
    }
  }

  @Test
  void wrongNumbersOfWorkersAreRefusedByNameAndValue() {
    assertThatThrownBy(() -> small(2).idleTimeout(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("idleTimeout must be more than zero, but is PT-1S");
    assertThatThrownBy(() -> small(2).spareWorkers(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("spareWorkers must be at least 0, but is -1");
    assertThatThrownBy(() -> small(2).spareWorkers(3).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("spareWorkers must be at most workers (2), but is 3");
  }
}
