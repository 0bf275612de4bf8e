package dev.forkyard.pool;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * A pool's counts for Micrometer, which the program brings: {@code new
 * PoolMetrics(pool).bindTo(registry)}.
 *
 * <p>Those that all executors have bear Micrometer's names: {@code executor.active}, {@code
 * executor.queued}, {@code executor.queue.remaining}, {@code executor.pool.size}, {@code
 * executor.pool.core} and {@code executor.pool.max} (how many workers there are to be at least and
 * at most), {@code executor.completed}, and, where the pool was built with {@link
 * ProcessPool.Builder#recordTimes}, the timers {@code executor} (running) and {@code executor.idle}
 * (waiting). The pool's own are {@code forkyard.jobs} by {@code outcome}, {@code
 * forkyard.jobs.submitted}, {@code forkyard.jobs.retried}, {@code forkyard.workers.started} and
 * {@code forkyard.workers.lost}. All have the tag {@code name}, the pool's.
 *
 * <p>Each that is read asks the pool's event loop, and waits for its answer. Counts that are read
 * one after the other, within 10 ms, are of one moment.
 */
public final class PoolMetrics implements MeterBinder {

  private static final long MOMENT_NANOS = 10_000_000;

  private final ProcessPool pool;
  private long readNanos;
  private PoolStats read;

  /** Of this pool, as long as it is reachable from the registry. */
  public PoolMetrics(ProcessPool pool) {
    this.pool = pool;
    this.read = pool.stats();
    this.readNanos = System.nanoTime();
  }

  private synchronized PoolStats now() {
    if (System.nanoTime() - readNanos > MOMENT_NANOS) {
      read = pool.stats();
      readNanos = System.nanoTime();
    }
    return read;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Binding binding = new Binding(registry, Tags.of("name", pool.name()));
    binding.gauge("executor.active", "jobs that run", PoolStats::running);
    binding.gauge("executor.queued", "jobs that wait for a worker", PoolStats::queued);
    // Not those of all jobs that wait: a worker holds some of them, which take none.
    binding.gauge("executor.queue.remaining", "places in the queue", any -> pool.freePlaces());
    binding.gauge("executor.pool.size", "worker processes alive", PoolStats::workers);
    binding.gauge("executor.pool.core", "workers at least", any -> pool.settings().minWorkers());
    binding.gauge("executor.pool.max", "workers at most", any -> pool.settings().workers());
    binding.counter(
        "executor.completed",
        "jobs that have ended",
        stats -> stats.succeeded() + stats.failed() + stats.cancelled());
    binding.counter("forkyard.jobs.submitted", "jobs accepted", PoolStats::submitted);
    binding.counter("forkyard.jobs.retried", "attempts after the first", PoolStats::retried);
    binding.outcome("succeeded", PoolStats::succeeded);
    binding.outcome("failed", PoolStats::failed);
    binding.outcome("cancelled", PoolStats::cancelled);
    binding.counter("forkyard.workers.started", "worker processes", PoolStats::started);
    binding.counter(
        "forkyard.workers.lost", "worker processes that ended unasked", PoolStats::lost);
    if (pool.recordsTimes()) {
      binding.timer("executor", "how long jobs run", JobTimes::running);
      binding.timer("executor.idle", "how long jobs wait", JobTimes::waiting);
    }
  }

  private final class Binding {

    private final MeterRegistry registry;
    private final Tags tags;

    Binding(MeterRegistry registry, Tags tags) {
      this.registry = registry;
      this.tags = tags;
    }

    void gauge(String name, String description, ToDoubleFunction<PoolStats> value) {
      Gauge.builder(name, pool, any -> value.applyAsDouble(now()))
          .tags(tags)
          .description(description)
          .register(registry);
    }

    void counter(String name, String description, ToDoubleFunction<PoolStats> value) {
      counter(name, description, tags, value);
    }

    void outcome(String outcome, ToDoubleFunction<PoolStats> value) {
      counter("forkyard.jobs", "jobs that have ended", tags.and("outcome", outcome), value);
    }

    private void counter(
        String name, String description, Tags tagged, ToDoubleFunction<PoolStats> value) {
      FunctionCounter.builder(name, pool, any -> value.applyAsDouble(now()))
          .tags(tagged)
          .description(description)
          .register(registry);
    }

    void timer(String name, String description, Function<JobTimes, Histogram> which) {
      FunctionTimer.builder(
              name,
              pool,
              any -> which.apply(pool.times()).getTotalCount(),
              any -> sum(which.apply(pool.times())),
              TimeUnit.NANOSECONDS)
          .tags(tags)
          .description(description)
          .register(registry);
    }

    private static double sum(Histogram times) {
      return times.getTotalCount() * times.getMean();
    }
  }
}
