package dev.forkyard.pool;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A future that is ended by who does not want it any more: a job's own, or a {@link
 * DependentFuture}. It knows whether a stage that depends on it is the only one who waits for it.
 */
abstract class JobStage<T extends @Nullable Object> extends CompletableFuture<T> {

  @SuppressWarnings("rawtypes") // a field's owner is known by its raw class alone
  private static final AtomicIntegerFieldUpdater<JobStage> TIMERS =
      AtomicIntegerFieldUpdater.newUpdater(JobStage.class, "timers");

  /** How many of its dependents are there for a timeout of its own, and want nothing of it. */
  private volatile int timers;

  /** Whether it is complete, as far as is known without asking anybody. */
  final boolean isComplete() {
    return super.isDone();
  }

  /**
   * To be called before it is ended from outside, since whoever depends on it is told then, which
   * may last: as soon as that stage has ended, the job that is wanted no more is released.
   */
  abstract void releaseAtEndOf(JobStage<?> ending);

  /** Whether one stage depends on it and nobody else waits for it, as far as can be seen. */
  boolean hasSoleDependent() {
    return getNumberOfDependents() - timers <= 1;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return isDone() ? new CompletableFuture<>() : new DependentFuture<>(this);
  }

  /** A copy is for those who are not to end it. */
  @Override
  public CompletableFuture<T> copy() {
    return minimalCompletionStage().toCompletableFuture();
  }

  @Override
  public CompletableFuture<T> orTimeout(long timeout, TimeUnit unit) {
    countTimer(unit);
    return super.orTimeout(timeout, unit);
  }

  @Override
  public CompletableFuture<T> completeOnTimeout(T value, long timeout, TimeUnit unit) {
    countTimer(unit);
    return super.completeOnTimeout(value, timeout, unit);
  }

  private void countTimer(TimeUnit unit) {
    Objects.requireNonNull(unit, "unit");
    if (!isDone()) {
      TIMERS.incrementAndGet(this);
    }
  }
}
