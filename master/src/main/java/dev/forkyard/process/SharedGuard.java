package dev.forkyard.process;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The guard of all children that have none of their own; it ends when there were none for a while.
 */
final class SharedGuard {

  private static final int IDLE_SECONDS = 2;

  private static @Nullable ProcessGuard guard;
  private static int users;
  private static long uses;

  /** Whether somebody will look if it is still unused. */
  private static boolean idles;

  private SharedGuard() {}

  static synchronized ProcessGuard acquire() throws IOException {
    ProcessGuard current = guard;
    if (current == null) {
      current = ProcessGuard.start(null);
      guard = current;
    }
    users++;
    uses++;
    return current;
  }

  static synchronized void release() {
    users--;
    if (users == 0 && !idles) {
      idles = true;
      closeAfterIdle(uses);
    }
  }

  /** One look at a time, however many children there are one after the other. */
  private static void closeAfterIdle(long last) {
    CompletableFuture.delayedExecutor(IDLE_SECONDS, TimeUnit.SECONDS, Callbacks.unordered())
        .execute(() -> closeUnlessUsed(last));
  }

  private static void closeUnlessUsed(long last) {
    ProcessGuard idle = null;
    synchronized (SharedGuard.class) {
      idles = users == 0 && uses != last;
      if (idles) {
        closeAfterIdle(uses);
      } else if (users == 0) {
        idle = guard;
        guard = null;
      }
    }
    if (idle != null) {
      idle.close();
    }
  }
}
