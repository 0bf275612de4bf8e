package dev.forkyard.pool;

import org.jspecify.annotations.Nullable;

/**
 * The futures that were accepted and have not ended. It is kept apart from the scheduler, so that
 * none is left open when that can't be trusted any more. Used on the loop alone.
 */
final class OpenJobs {

  private @Nullable JobFuture<?> first;

  void add(JobFuture<?> future) {
    future.open = true;
    future.nextOpen = first;
    if (first != null) {
      first.previousOpen = future;
    }
    first = future;
  }

  void remove(JobFuture<?> future) {
    if (!future.open) {
      return;
    }
    if (future.previousOpen == null) {
      first = future.nextOpen;
    } else {
      future.previousOpen.nextOpen = future.nextOpen;
    }
    if (future.nextOpen != null) {
      future.nextOpen.previousOpen = future.previousOpen;
    }
    future.open = false;
    future.previousOpen = null;
    future.nextOpen = null;
  }

  @Nullable JobFuture<?> any() {
    return first;
  }
}
