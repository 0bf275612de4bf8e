package dev.forkyard.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a message. Whoever waits for it tells the channel first: a listener that waits
 * holds up the thread that would complete it.
 */
final class MessageFuture<T extends @Nullable Object> extends CompletableFuture<T> {

  private final Runnable beforeWait;

  MessageFuture(Runnable beforeWait) {
    this.beforeWait = beforeWait;
  }

  /** So that what is derived from it can't hang either. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new MessageFuture<>(beforeWait);
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    prepare();
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    prepare();
    return super.get(timeout, unit);
  }

  @Override
  public T join() {
    prepare();
    return super.join();
  }

  private void prepare() {
    if (!isDone()) {
      beforeWait.run();
    }
  }
}
