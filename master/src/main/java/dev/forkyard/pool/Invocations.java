package dev.forkyard.pool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs several tasks and waits for all of them, or for the first that succeeds. However it returns,
 * none of them is left open.
 */
final class Invocations {

  private final PoolExecutor executor;

  Invocations(PoolExecutor executor) {
    this.executor = executor;
  }

  /** When all have ended or the time is up, in the order of the tasks. */
  <T extends @Nullable Object> List<Future<T>> all(
      Collection<? extends Callable<T>> tasks, long nanos) throws InterruptedException {
    Countdown countdown = new Countdown(nanos);
    List<Future<T>> futures = new ArrayList<>(tasks.size());
    boolean complete = false;
    try {
      for (Callable<T> task : tasks) {
        futures.add(submit(task, countdown));
      }
      complete = allEnded(futures, countdown);
      return futures;
    } finally {
      if (!complete) {
        cancelAll(futures);
      }
    }
  }

  private <T extends @Nullable Object> JobFuture<T> submit(Callable<T> task, Countdown countdown)
      throws InterruptedException {
    Objects.requireNonNull(task, "task");
    long left = countdown.leftNanos();
    JobFuture<T> future = left > 0 ? executor.submit(task, left) : null;
    return future == null ? executor.cancelled() : future;
  }

  private static boolean allEnded(List<? extends Future<?>> futures, Countdown countdown)
      throws InterruptedException {
    for (Future<?> future : futures) {
      try {
        future.get(countdown.leftNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        return false;
      } catch (ExecutionException | CancellationException itsOwn) {
        // Whoever asked finds it there.
      }
    }
    return true;
  }

  private static void cancelAll(List<? extends Future<?>> futures) {
    futures.forEach(future -> future.cancel(true));
  }

  /** The first result that there is. */
  <T extends @Nullable Object> T any(Collection<? extends Callable<T>> tasks, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException("invokeAny needs at least one task");
    }
    Race<T> race = new Race<>(tasks.iterator(), new Countdown(nanos));
    try {
      return race.winner();
    } finally {
      cancelAll(race.runners);
    }
  }

  /** Tasks of which the first that succeeds wins; they start while none has. */
  private final class Race<T extends @Nullable Object> {

    private final Iterator<? extends Callable<T>> waiting;
    private final Countdown countdown;
    private final BlockingQueue<JobFuture<T>> ended = new LinkedBlockingQueue<>();
    private final List<JobFuture<T>> runners = new ArrayList<>();

    Race(Iterator<? extends Callable<T>> waiting, Countdown countdown) {
      this.waiting = waiting;
      this.countdown = countdown;
    }

    T winner() throws InterruptedException, ExecutionException, TimeoutException {
      int failed = 0;
      while (true) {
        JobFuture<T> first = ended.poll();
        if (first == null && waiting.hasNext()) {
          start(waiting.next());
          continue;
        } else if (first == null) {
          first = ended.poll(countdown.leftNanos(), TimeUnit.NANOSECONDS);
        }
        if (first == null) {
          throw timedOut();
        }
        try {
          return first.get();
        } catch (ExecutionException | CancellationException e) {
          failed++;
          if (failed == runners.size() && !waiting.hasNext()) {
            throw e instanceof ExecutionException last ? last : new ExecutionException(e);
          }
        }
      }
    }

    private void start(Callable<T> task) throws InterruptedException, TimeoutException {
      Objects.requireNonNull(task, "task");
      long left = countdown.leftNanos();
      JobFuture<T> runner = left > 0 ? executor.submit(task, left) : null;
      if (runner == null) {
        throw timedOut();
      }
      runners.add(runner);
      runner.whenComplete((value, failure) -> ended.add(runner));
    }

    private TimeoutException timedOut() {
      return new TimeoutException(
          "none of " + runners.size() + " tasks succeeded within the timeout of invokeAny");
    }
  }
}
