package dev.forkyard.worker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * What a listener sends may wait until the messages behind the one that it heard were heard too, so
 * that all of it is one write. But a listener may take long, or wait for what comes of it: here one
 * thread for all channels, awake only while there are such writes, does those that are overdue.
 */
final class OverdueWrites {

  private static final long INTERVAL_NANOS = 5_000_000;
  private static final int IDLE_INTERVALS = 20;

  /** Guarded by itself. */
  private static final Set<Watch> WATCHED = Collections.newSetFromMap(new IdentityHashMap<>());

  private static final Thread THREAD = start();

  private OverdueWrites() {}

  /** One channel's place here, made once. */
  static final class Watch {

    private final Runnable write;
    private volatile boolean watched;
    private volatile boolean waiting;

    /** Used by the thread alone: was it so at its last look, and for how long was it not. */
    private boolean waited;

    private int idle;

    /** Watches for writes that this does. */
    Watch(Runnable write) {
      this.write = write;
    }

    /** Something waits from now on. Not for two threads at once, as {@link #end}. */
    void begin() {
      if (!waiting) {
        waiting = true;
      }
      if (!watched) {
        watched = true;
        synchronized (WATCHED) {
          WATCHED.add(this);
        }
        LockSupport.unpark(THREAD);
      }
    }

    /** Nothing waits any more. */
    void end() {
      if (waiting) {
        waiting = false;
      }
    }

    private void look() {
      boolean waits = waiting;
      if (waits && waited) {
        write.run();
      }
      waited = waits;
      idle = waits ? 0 : idle + 1;
    }

    private boolean retires() {
      if (idle < IDLE_INTERVALS) {
        return false;
      }
      watched = false;
      // It may have begun meanwhile, and seen that it is watched.
      if (waiting) {
        watched = true;
      }
      idle = 0;
      return !watched;
    }
  }

  private static Thread start() {
    Thread thread = new Thread(OverdueWrites::run, "forkyard-writes");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void run() {
    List<Watch> looked = new ArrayList<>();
    while (true) {
      synchronized (WATCHED) {
        WATCHED.removeIf(Watch::retires);
        looked.clear();
        looked.addAll(WATCHED);
      }
      if (looked.isEmpty()) {
        LockSupport.park();
      } else {
        looked.forEach(Watch::look);
        LockSupport.parkNanos(INTERVAL_NANOS);
      }
      Thread.interrupted();
    }
  }
}
