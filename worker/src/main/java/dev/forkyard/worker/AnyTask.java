package dev.forkyard.worker;

import java.util.Objects;
import java.util.concurrent.Callable;

/**
 * A task of whatever kind, as a callable and as a runnable. It serializes if the task does. Made by
 * the pool.
 */
public final class AnyTask implements SerializableCallable<Object>, SerializableRunnable {

  private static final long serialVersionUID = 1L;

  private final Object task;
  private final boolean isCallable;

  private AnyTask(Object task, boolean isCallable) {
    this.task = Objects.requireNonNull(task, "task");
    this.isCallable = isCallable;
  }

  /** A task with a result. */
  public static AnyTask calling(Callable<?> task) {
    return new AnyTask(task, true);
  }

  /** A task without one. */
  public static AnyTask running(Runnable task) {
    return new AnyTask(task, false);
  }

  /** What a worker is to call. */
  @SuppressWarnings("unchecked") // whatever its result is, it is an object
  public SerializableCallable<Object> toSend() {
    return isCallable && task instanceof SerializableCallable<?> callable
        ? (SerializableCallable<Object>) callable
        : this;
  }

  /** The task itself if it is a runnable, or else one that calls it. */
  public Runnable asRunnable() {
    return isCallable ? this : (Runnable) task;
  }

  /** What was given. */
  Object task() {
    return task;
  }

  /** Calls it; a runnable has a result all the same, which is not null. */
  @Override
  public Object call() throws Exception {
    if (isCallable) {
      return ((Callable<?>) task).call();
    }
    ((Runnable) task).run();
    return true;
  }

  @Override
  public void run() {
    try {
      call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(task + " failed: " + e, e);
    }
  }

  @Override
  public String toString() {
    return task.toString();
  }
}
