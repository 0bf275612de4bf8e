package dev.forkyard.pool;

import java.lang.ref.WeakReference;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A stage that depends on a job's future, or on another such stage. Whatever ends it from outside
 * cancels what it depends on too, if it is the only one that does: so a caller who has but the last
 * stage of a chain can end the job.
 *
 * <p>The stage before is held weakly. While its job is open that is held by what will complete it,
 * and afterwards there is nothing to end, so that a chain without end keeps no stages.
 */
final class DependentFuture<T extends @Nullable Object> extends JobStage<T> {

  private final WeakReference<JobStage<?>> before;

  DependentFuture(JobStage<?> before) {
    this.before = new WeakReference<>(before);
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    JobStage<?> unwanted = release();
    return ended(unwanted, super.cancel(mayInterruptIfRunning));
  }

  @Override
  public boolean complete(T value) {
    JobStage<?> unwanted = release();
    return ended(unwanted, super.complete(value));
  }

  @Override
  public boolean completeExceptionally(Throwable error) {
    JobStage<?> unwanted = release();
    return ended(unwanted, super.completeExceptionally(error));
  }

  /** Before this is ended, since it no longer counts as a dependent afterwards. */
  private @Nullable JobStage<?> release() {
    JobStage<?> unwanted = wantedByThisAlone();
    if (unwanted != null && getNumberOfDependents() > 0) {
      unwanted.releaseAtEndOf(this);
    }
    return unwanted;
  }

  @Override
  void releaseAtEndOf(JobStage<?> ending) {
    JobStage<?> unwanted = wantedByThisAlone();
    if (unwanted != null) {
      unwanted.releaseAtEndOf(ending);
    }
  }

  private @Nullable JobStage<?> wantedByThisAlone() {
    JobStage<?> stage = isDone() ? null : before.get();
    return stage != null && stage.hasSoleDependent() ? stage : null;
  }

  private static boolean ended(@Nullable CompletableFuture<?> unwanted, boolean byThis) {
    if (byThis && unwanted != null) {
      unwanted.cancel(true);
    }
    return byThis;
  }
}
