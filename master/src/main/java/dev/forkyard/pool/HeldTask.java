package dev.forkyard.pool;

import dev.forkyard.worker.AnyTask;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A task that came through an executor service, until its future is done and nothing of it runs.
 */
final class HeldTask implements JobWatcher {

  private final AnyTask task;
  private final Consumer<HeldTask> onEnd;

  /** Counted down when it is known whether it ran. */
  private final CountDownLatch known = new CountDownLatch(1);

  private final AtomicBoolean cancelled = new AtomicBoolean();
  private volatile @Nullable JobFuture<?> future;
  private boolean done;
  private boolean left;
  private volatile boolean neverStarted;

  /** Tells when its end has come. */
  HeldTask(AnyTask task, Consumer<HeldTask> onEnd) {
    this.task = task;
    this.onEnd = onEnd;
  }

  void submitted(@Nullable JobFuture<?> accepted) {
    future = accepted;
  }

  long jobId() {
    JobFuture<?> submitted = future;
    return submitted == null ? 0 : submitted.jobId();
  }

  /** Cancels it, and tells whether this is what ended it. It holds no lock, since callbacks run. */
  boolean cancel() {
    JobFuture<?> submitted = future;
    if (submitted == null || submitted.isDone() || !cancelled.compareAndSet(false, true)) {
      return false;
    }
    submitted.cancel(true);
    return true;
  }

  @Override
  public void running() {
    known.countDown();
  }

  @Override
  public synchronized void done() {
    done = true;
    tellIfEnded();
  }

  @Override
  public synchronized void left(boolean neverRan) {
    neverStarted = neverRan;
    known.countDown();
    left = true;
    tellIfEnded();
  }

  /** Whether its future is done, of which it may not have been told yet. */
  synchronized void lookWhetherEnded() {
    JobFuture<?> submitted = future;
    done |= submitted != null && submitted.isComplete();
    tellIfEnded();
  }

  private void tellIfEnded() {
    if (done && left) {
      onEnd.accept(this);
    }
  }

  /** Those of these cancelled ones that are known never to have run, as soon as it is known. */
  static List<Runnable> neverStarted(List<HeldTask> cancelled, Countdown countdown) {
    List<Runnable> tasks = new ArrayList<>();
    boolean interrupted = false;
    for (HeldTask each : cancelled) {
      interrupted |= each.awaitKnown(countdown);
      if (each.neverStarted) {
        tasks.add(each.task.asRunnable());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return tasks;
  }

  /** Whether the thread was interrupted meanwhile, which does not end the wait. */
  private boolean awaitKnown(Countdown countdown) {
    boolean interrupted = false;
    while (true) {
      try {
        known.await(countdown.leftNanos(), TimeUnit.NANOSECONDS);
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }
}
