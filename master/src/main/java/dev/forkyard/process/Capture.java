package dev.forkyard.process;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the first bytes of an output, up to a limit, and counts those that it dropped. One that has
 * failed to keep some keeps none, so that nobody takes what it has for the whole.
 */
final class Capture implements OutputSink {

  private static final int FIRST_BYTES = 1 << 10;
  private static final byte[] NOTHING = {};

  private final int limit;
  private final @Nullable Capture all;
  private final Runnable onOverflow;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
  private byte[] kept = NOTHING;
  private int size;
  private long dropped;
  private @Nullable OutOfMemoryError failure;

  /**
   * Makes an empty one.
   *
   * @param all gets a copy of what is kept, unless it is null
   * @param onOverflow called once, when there is more than the limit
   */
  Capture(int limit, @Nullable Capture all, Runnable onOverflow) {
    // No array is larger.
    this.limit = Math.min(limit, Integer.MAX_VALUE - 8);
    this.all = all;
    this.onOverflow = onOverflow;
  }

  @Override
  public boolean accept(ByteBuffer bytes) {
    int start = bytes.position();
    boolean tooMuch;
    try {
      tooMuch = add(bytes);
      if (all != null) {
        all.add(bytes.duplicate().limit(bytes.position()).position(start));
      }
    } catch (OutOfMemoryError noRoom) {
      fail(noRoom);
      throw noRoom;
    }
    if (tooMuch) {
      onOverflow.run();
    }
    return true;
  }

  /** Takes what is within the limit; whether these were the first that were not. */
  private synchronized boolean add(ByteBuffer bytes) {
    if (failure != null) {
      return false;
    }
    int count = Math.min(bytes.remaining(), limit - size);
    if (size + count > kept.length) {
      long wanted = Math.max(Math.max(FIRST_BYTES, 2L * kept.length), (long) size + count);
      kept = Arrays.copyOf(kept, (int) Math.min(wanted, limit));
    }
    bytes.get(kept, size, count);
    size += count;
    boolean first = dropped == 0 && bytes.hasRemaining();
    dropped += bytes.remaining();
    return first;
  }

  /** Lets go of what it has: most likely the heap is short of just that. */
  void fail(OutOfMemoryError why) {
    synchronized (this) {
      failure = why;
      kept = NOTHING;
      size = 0;
    }
    if (all != null) {
      all.fail(why);
    }
  }

  /** Why it keeps nothing; null if it has kept all within the limit. */
  synchronized @Nullable OutOfMemoryError failure() {
    return failure;
  }

  @Override
  public void end() {
    ended.complete(null);
  }

  CompletableFuture<@Nullable Void> ended() {
    return ended;
  }

  synchronized byte[] bytes() {
    return Arrays.copyOf(kept, size);
  }

  synchronized boolean overflowed() {
    return dropped > 0;
  }
}
