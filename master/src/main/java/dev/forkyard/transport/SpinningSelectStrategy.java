package dev.forkyard.transport;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;

/**
 * Looks again and again for a while, and lets other threads of this core run in between, before the
 * loop sleeps: to wake it up would cost more than a short job.
 */
final class SpinningSelectStrategy implements SelectStrategy {

  private final long spinNanos;
  private long lastEventNanos = System.nanoTime();

  SpinningSelectStrategy(long spinNanos) {
    this.spinNanos = spinNanos;
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // it is faster for yielding, and right without it
  public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
    int selected = selectNow.get();
    if (hasTasks || selected > 0) {
      lastEventNanos = System.nanoTime();
      return selected;
    } else if (System.nanoTime() - lastEventNanos < spinNanos) {
      Thread.yield();
      return CONTINUE;
    }
    return SELECT;
  }
}
