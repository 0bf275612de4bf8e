package dev.forkyard.worker;

/**
 * Whether Java Flight Recorder records in this JVM. To ask {@code jdk.jfr} itself would load it,
 * which takes 200 ms, so that its thread is looked for. Used by the pool.
 */
public final class FlightRecording {

  private static final String THREAD = "JFR Periodic Tasks";

  private FlightRecording() {}

  /** Whether it does; takes some 30 microseconds. */
  public static boolean isOn() {
    ThreadGroup all = Thread.currentThread().getThreadGroup();
    while (all != null && all.getParent() != null) {
      all = all.getParent();
    }
    if (all == null) {
      return false;
    }
    Thread[] threads = new Thread[2 * all.activeCount() + 16];
    int count = all.enumerate(threads);
    for (int i = 0; i < count; i++) {
      if (threads[i].getName().equals(THREAD)) {
        return true;
      }
    }
    return false;
  }
}
