package dev.forkyard.pool;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The job whose items someone takes, from its submission until nobody wants any more of it. */
final class ItemJob {

  private final Function<Function<JobMessages, Hearer>, JobFuture<?>> submit;
  private volatile @Nullable JobMessages items;
  private volatile @Nullable JobFuture<?> future;

  /** Submits it by that, which is given who hears it. */
  ItemJob(Function<Function<JobMessages, Hearer>, JobFuture<?>> submit) {
    this.submit = submit;
  }

  /** Submits it, to be heard by this. What the submission throws is thrown here. */
  JobFuture<?> start(Hearer hearer) {
    JobFuture<?> submitted =
        submit.apply(
            made -> {
              items = made;
              return hearer;
            });
    future = submitted;
    return submitted;
  }

  boolean isStarted() {
    return future != null;
  }

  /** What it has emitted; null before it was submitted, and where it could not be. */
  @Nullable JobMessages items() {
    return items;
  }

  /** Nobody wants more of it: it ends if it has not, and what was not taken is dropped. */
  void end() {
    JobFuture<?> running = future;
    if (running != null) {
      running.cancel(true);
    }
    JobMessages unheard = items;
    if (unheard != null) {
      unheard.discard();
    }
  }
}
