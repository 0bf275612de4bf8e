package dev.forkyard.benchmarks.soak;

import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobRejectedException;
import dev.forkyard.pool.PoolStats;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerInfo;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A program that uses pools, one after the other, each through some storms of jobs and trouble with
 * a calm after each, in which nothing may be left of it. Its standard output has one line for each
 * fault that it sees. It is a process of its own, so that it can be killed.
 */
final class SoakMaster {

  private static final int SUBMITTERS = 3;
  private static final int IN_FLIGHT = 24;
  private static final int MIB = 1 << 20;
  private static final int HEAP_MIB = 64;
  private static final Duration CALM = Duration.ofSeconds(90);

  /** Threads that wait for work stay for a minute; a heap is not the same at any two moments. */
  private static final Resources SLACK = new Resources(6, 16, 12, 3);

  private static final List<String> JVM_OPTIONS = List.of("-XX:TieredStopAtLevel=1");

  private final long seed;
  private final long endNanos;
  private final int workers;
  private final Ledger ledger;
  private final AtomicLong lastJob = new AtomicLong();

  private SoakMaster(long seed, Duration life, int workers) throws IOException {
    this.seed = seed;
    this.endNanos = System.nanoTime() + life.toNanos();
    this.workers = workers;
    this.ledger = Ledger.ofThisProcess();
  }

  /** The arguments are a seed, how many seconds it is to last, and how many workers it has. */
  public static void main(String[] args) throws Exception {
    long seed = Long.parseLong(args[0]);
    Duration life = Duration.ofSeconds(Long.parseLong(args[1]));
    new SoakMaster(seed, life, Integer.parseInt(args[2])).run();
    System.exit(0);
  }

  private void run() throws Exception {
    Random random = new Random(seed);
    Resources afterFirst = null;
    while (left() > 0) {
      boolean abrupt = random.nextInt(3) == 0;
      usePool(new Random(random.nextLong()), abrupt);
      Resources now = settled(afterFirst, "after a pool was closed");
      if (now.children() > 0) {
        fault(now.children() + " processes are left by a pool that was closed");
      }
      afterFirst = afterFirst == null ? now : afterFirst;
    }
  }

  private long left() {
    return endNanos - System.nanoTime();
  }

  private static void fault(String what) {
    System.out.println("fault: " + what);
  }

  private ProcessPool build() {
    return ProcessPool.builder()
        .workers(workers)
        .classDataSharing(false)
        .queueCapacity(1000)
        .workerHeapBytes((long) HEAP_MIB * MIB)
        .jvmOptions(JVM_OPTIONS)
        .crashDirectory(Path.of(System.getenv(Ledger.VARIABLE)))
        .heartbeatTimeout(Duration.ofSeconds(2))
        .maxJobsPerWorker(400)
        .maxWorkerMemory(220L * MIB)
        .onOutput((pid, line) -> {})
        .build();
  }

  /** Until its part of the time is over. */
  private void usePool(Random random, boolean abrupt) throws Exception {
    long end = System.nanoTime() + Math.min(left(), TimeUnit.SECONDS.toNanos(40));
    Resources afterFirst = null;
    try (ProcessPool pool = build()) {
      do {
        boolean last = abrupt && end - System.nanoTime() < TimeUnit.SECONDS.toNanos(8);
        storm(pool, random, last);
        if (last) {
          return;
        }
        Resources now = settled(afterFirst, "after a storm");
        afterFirst = afterFirst == null ? now : afterFirst;
      } while (end - System.nanoTime() > 0);
    }
  }

  /** Jobs and harm for some seconds; then all is awaited, or the pool shut down. */
  private void storm(ProcessPool pool, Random random, boolean shutDown) throws Exception {
    Harm harm =
        new Harm(pool, workers, ledger, new Random(random.nextLong()), classPath(), JVM_OPTIONS);
    List<Thread> threads = new ArrayList<>();
    List<Submitter> submitters = new ArrayList<>();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2000 + random.nextInt(4000));
    for (int i = 0; i < SUBMITTERS; i++) {
      Submitter submitter = new Submitter(pool, new Random(random.nextLong()), end);
      submitters.add(submitter);
      threads.add(start("submitter-" + i, submitter::run));
    }
    Thread harmer = start("harm", harm::run);
    if (shutDown) {
      TimeUnit.MILLISECONDS.sleep(1000 + random.nextInt(1000));
      ledger.note(0, Note.What.SHUT_DOWN, 0);
      pool.shutdownNow();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    harmer.interrupt();
    harmer.join();
    for (Submitter submitter : submitters) {
      if (!submitter.awaitAll()) {
        fault("jobs did not end within " + CALM);
      }
    }
    if (!harm.isOver()) {
      fault("a reload did not end");
    }
    check(pool.stats());
    if (!shutDown) {
      pool.resize(workers);
      require(() -> isCalm(pool), "the pool has not as many idle workers as it should");
    }
  }

  private static Thread start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setUncaughtExceptionHandler((dead, error) -> fault(name + " died of " + error));
    thread.start();
    return thread;
  }

  private static List<Path> classPath() {
    return List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
        .map(Path::of)
        .toList();
  }

  private static void check(PoolStats stats) {
    long ended = stats.succeeded() + stats.failed() + stats.cancelled();
    if (stats.queued() != 0 || stats.running() != 0 || stats.submitted() != ended) {
      fault("the counters do not add up: " + stats);
    }
  }

  private boolean isCalm(ProcessPool pool) {
    List<WorkerInfo> all = pool.workers();
    return all.size() == workers
        && all.stream().allMatch(worker -> worker.state() == WorkerInfo.State.READY);
  }

  /** Waits until no more is held than before. */
  private static Resources settled(@Nullable Resources before, String when) throws Exception {
    Resources[] now = {Resources.now()};
    if (before != null) {
      require(
          () -> {
            try {
              now[0] = Resources.now();
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
            return now[0].within(before, SLACK);
          },
          "more is held " + when + " than " + before);
      if (!now[0].within(before, SLACK)) {
        fault("that is " + now[0]);
      }
    }
    return now[0];
  }

  private static void require(BooleanSupplier holds, String fault) throws InterruptedException {
    long deadline = System.nanoTime() + CALM.toNanos();
    while (!holds.getAsBoolean()) {
      if (deadline - System.nanoTime() < 0) {
        fault(fault);
        return;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** Submits jobs from one thread, a bounded number at a time, and notes what becomes of them. */
  private final class Submitter {

    private final ProcessPool pool;
    private final Random random;
    private final long endNanos;
    private final Semaphore places = new Semaphore(IN_FLIGHT);

    Submitter(ProcessPool pool, Random random, long endNanos) {
      this.pool = pool;
      this.random = random;
      this.endNanos = endNanos;
    }

    void run() {
      boolean taken = true;
      while (taken && endNanos - System.nanoTime() > 0) {
        places.acquireUninterruptibly();
        taken = submit(JobKind.pick(random));
      }
    }

    boolean awaitAll() throws InterruptedException {
      return places.tryAcquire(IN_FLIGHT, CALM.toSeconds(), TimeUnit.SECONDS);
    }

    /** False if the pool is closed. */
    private boolean submit(JobKind kind) {
      long job = lastJob.incrementAndGet();
      int retries = kind.retries(random);
      byte[] input = SoakJob.input(job, kind, kind.bytes(random));
      boolean cancel = random.nextInt(40) == 0;
      ledger.note(job, Note.What.SUBMITTED, Note.detail(kind, 1 + retries));
      try {
        if (kind == JobKind.LAMBDA) {
          watch(job, pool.submit(() -> SoakJob.lambda(job)), cancel, result -> result == job);
        } else {
          watch(
              job,
              pool.submit(SoakJob.class, input, kind.options(retries, random)),
              cancel,
              result -> isResult(result, input));
        }
      } catch (JobRejectedException closed) {
        ended(job, Ending.REJECTED, 0);
        return false;
      }
      return true;
    }

    private interface Check<O> {
      boolean holds(O result);
    }

    private <O> void watch(long job, JobFuture<O> future, boolean cancel, Check<O> check) {
      future.whenComplete(
          (result, error) -> {
            Ending ending = Ending.of(error);
            boolean wrong = ending == Ending.SUCCEEDED && !check.holds(result);
            if (wrong || ending == Ending.WRONG) {
              fault("job " + job + " ended with " + (wrong ? "the result of another" : error));
            }
            ended(job, wrong ? Ending.WRONG : ending, future.report().attempt());
          });
      if (cancel) {
        ledger.note(job, Note.What.CANCEL_ASKED, 0);
        future.cancel(true);
      }
    }

    private void ended(long job, Ending ending, int attempt) {
      ledger.note(job, Note.What.ENDED, Note.detail(ending, attempt));
      places.release();
    }

    private boolean isResult(byte[] result, byte[] input) {
      return result.length == input.length
          && ByteBuffer.wrap(result).getLong() == ByteBuffer.wrap(input).getLong();
    }
  }
}
