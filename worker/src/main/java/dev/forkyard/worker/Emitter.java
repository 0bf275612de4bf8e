package dev.forkyard.worker;

/**
 * Takes the items of one job of a {@link StreamHandler}. Any thread of the job may use it until the
 * job ends.
 *
 * @param <T> the items
 */
@FunctionalInterface
public interface Emitter<T> {

  /**
   * Emits an item. It is encoded on the calling thread, so it may be changed afterwards. While 256
   * items, or 1 MiB of them, were emitted and not yet taken by who runs the job, the call waits.
   *
   * @throws InterruptedException if the thread is interrupted while it waits, as it is when nobody
   *     wants more items
   * @throws NullPointerException if the item is null
   * @throws IllegalArgumentException if it can't be encoded, or is larger than a frame
   * @throws IllegalStateException if the job has ended, or is not run as a stream
   */
  void emit(T item) throws InterruptedException;
}
