package dev.forkyard.worker;

import org.jspecify.annotations.Nullable;

/**
 * Does one kind of job in a worker process that has many results, which it emits one by one. It is
 * run by {@code ProcessPool.stream} or {@code ProcessPool.items}, and lives as every {@link
 * JobHandler} does. The items' type is read from the type parameters too; a codec for them is named
 * as {@link UseCodec#output}.
 *
 * <p>To test one, call {@link #handle(Object, Emitter, JobContext)} with {@code list::add}.
 *
 * @param <I> the input; null is a value
 * @param <T> the items; none is null
 */
public interface StreamHandler<I extends @Nullable Object, T>
    extends JobHandler<I, @Nullable Void> {

  /**
   * Runs one job; the stream ends when this returns.
   *
   * @param out takes the items, as fast as they are wanted
   * @throws Exception anything; the stream ends with its class, message and stack as text, after
   *     all that was emitted before
   */
  void handle(I input, Emitter<T> out, JobContext context) throws Exception;

  /** What a worker calls. */
  @Override
  default @Nullable Void handle(I input, JobContext context) throws Exception {
    handle(input, new ItemEmitter<>(getClass(), context), context);
    return null;
  }
}
