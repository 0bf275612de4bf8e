package dev.forkyard.benchmarks;

import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.JobTimeoutException;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerInfo;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long a pool of one worker needs to work again: from the {@code kill -9} of its worker, and
 * from a run deadline, to the result of the next job, which waits meanwhile. That takes a new
 * worker, so how long one takes to start is measured beside it. The argument is the number of
 * events of each kind.
 */
public final class Recovery {

  private static final Duration DEADLINE = Duration.ofMillis(100);
  private static final int WARM_UP = 5;
  private static final int MICROS_PER_MILLI = 1000;
  private static final int MOST_MICROS = 60_000_000;
  private static final int DIGITS = 3;
  private static final String BEGUN = "begun";
  private static final Semaphore RUNNING = new Semaphore(0);

  private Recovery() {}

  private interface Event {
    long micros() throws Exception;
  }

  /** Prints a table. */
  public static void main(String[] args) throws Exception {
    int events = args.length > 0 ? Integer.parseInt(args[0]) : 100;
    System.out.printf(
        Locale.ROOT,
        "Java %s, %d cores, %d events each%n%-62s%9s%9s%9s%9s%n",
        Runtime.version(),
        Runtime.getRuntime().availableProcessors(),
        events,
        "ms",
        "least",
        "p50",
        "p99",
        "most");
    measure("a pool's start to its first result, in a warm master", events, Recovery::start);
    try (ProcessPool pool = listening()) {
      measure("kill -9 of the worker to the job's end as lost", events, () -> lost(pool));
      measure("kill -9 of the worker to the next job's result", events, () -> killed(pool));
      measure("a job's deadline to its future's end", events, () -> late(pool, false));
      measure("a job's deadline to the next job's result", events, () -> late(pool, true));
    }
  }

  private static void measure(String what, int events, Event event) throws Exception {
    Histogram micros = new Histogram(MOST_MICROS, DIGITS);
    for (int i = -WARM_UP; i < events; i++) {
      long took = event.micros();
      if (i >= 0) {
        micros.recordValue(took);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%-62s%9.1f%9.1f%9.1f%9.1f%n",
        what,
        millis(micros.getMinValue()),
        millis(micros.getValueAtPercentile(50)),
        millis(micros.getValueAtPercentile(99)),
        millis(micros.getMaxValue()));
  }

  private static ProcessPool listening() {
    return ProcessPool.builder()
        .workers(1)
        .onOutput((pid, line) -> RUNNING.release(line.equals(BEGUN) ? 1 : 0))
        .build();
  }

  private static double millis(long micros) {
    return (double) micros / MICROS_PER_MILLI;
  }

  private static long microsSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - nanos);
  }

  /** To the first result of a pool that was built for it. */
  private static long start() {
    long began = System.nanoTime();
    try (ProcessPool pool = ProcessPool.builder().workers(1).build()) {
      pool.submit(Work.class, 0).join();
      return microsSince(began);
    }
  }

  /** Until the job that ran is told to be lost. */
  private static long lost(ProcessPool pool) throws Exception {
    JobFuture<Integer> running = running(pool);
    long killed = kill(pool);
    awaitEnd(running);
    return microsSince(killed);
  }

  /** Until a job that waited behind it has its result. */
  private static long killed(ProcessPool pool) throws Exception {
    JobFuture<Integer> running = running(pool);
    JobFuture<Integer> next = pool.submit(Work.class, 0);
    long killed = kill(pool);
    next.join();
    long micros = microsSince(killed);
    awaitEnd(running);
    return micros;
  }

  private static JobFuture<Integer> running(ProcessPool pool) throws Exception {
    pool.submit(Work.class, 0).join();
    RUNNING.drainPermits();
    JobFuture<Integer> running = pool.submit(Work.class, Integer.MAX_VALUE);
    // One that had not begun would not be lost.
    RUNNING.acquire();
    return running;
  }

  private static long kill(ProcessPool pool) {
    long pid = pool.workers().stream().mapToLong(WorkerInfo::pid).max().orElseThrow();
    ProcessHandle worker = ProcessHandle.of(pid).orElseThrow();
    long now = System.nanoTime();
    worker.destroyForcibly();
    return now;
  }

  /** From the moment at which a job that began on an idle worker is overdue. */
  private static long late(ProcessPool pool, boolean untilNext) throws Exception {
    pool.submit(Work.class, 0).join();
    long submitted = System.nanoTime();
    JobFuture<Integer> late =
        pool.submit(Work.class, Integer.MAX_VALUE, JobOptions.timeout(DEADLINE));
    JobFuture<Integer> next = pool.submit(Work.class, 0);
    CountDownLatch ended = new CountDownLatch(1);
    late.whenComplete((result, error) -> ended.countDown());
    if (untilNext) {
      next.join();
    } else {
      ended.await();
    }
    long micros = microsSince(submitted + DEADLINE.toNanos());
    next.join();
    try {
      late.join();
      throw new IllegalStateException("a job without end has a result");
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof JobTimeoutException)) {
        throw e;
      }
    }
    return micros;
  }

  private static void awaitEnd(JobFuture<Integer> job) {
    job.handle((result, error) -> result).join();
  }

  /** Takes so many milliseconds. */
  public static final class Work implements JobHandler<Integer, Integer> {
    @Override
    public Integer handle(Integer millis, JobContext context) throws Exception {
      if (millis > 0) {
        System.out.println(BEGUN);
        Thread.sleep(millis);
      }
      return millis;
    }
  }
}
