package dev.forkyard.launcher;

/**
 * Bounds what lies between reading an input and printing its result, however many jobs there are
 * and however slow one of them is. Used by the reading thread, the threads that end jobs, and the
 * printing thread.
 *
 * <p>An input is <em>in flight</em> until its job ends, then its result is <em>held</em> until it
 * is printed. How many may be in flight grows with the jobs done, so that inputs are read only as
 * fast as jobs end, and shrinks with the size of the results seen lately, since each in flight may
 * become a held one.
 */
final class Window {

  static final int MAX_JOBS = 10_000;
  static final long MAX_BYTES = 16L << 20;

  private static final int IN_FLIGHT_PER_SLOT = 1024;
  private static final int LEAST_IN_FLIGHT_PER_SLOT = 2;

  private final int maxJobs;
  private final long maxBytes;
  private final int leastInFlight;
  private final int mostInFlight;

  private boolean closed;
  private long admitted;
  private long ended;
  private long printed;
  private long inFlightBytes;
  private long heldBytes;
  private long expectedBytes;

  /** For so many jobs that run at a time. */
  Window(int slots) {
    this(slots, MAX_JOBS, MAX_BYTES);
  }

  Window(int slots, int maxJobs, long maxBytes) {
    this.maxJobs = maxJobs;
    this.maxBytes = maxBytes;
    this.leastInFlight = LEAST_IN_FLIGHT_PER_SLOT * slots;
    this.mostInFlight = IN_FLIGHT_PER_SLOT * slots;
  }

  /** Waits until one more input may be read; false once closed. */
  synchronized boolean awaitRoom() throws InterruptedException {
    while (!closed && !hasRoom()) {
      wait();
    }
    return !closed;
  }

  /** Counts an input that was read; its number, from 1 on, or 0 once closed: it is then dropped. */
  synchronized long admit(long inputBytes) {
    if (closed) {
      return 0;
    }
    inFlightBytes += inputBytes;
    return ++admitted;
  }

  /** Its job ended, and input and result wait to be printed. */
  synchronized void ended(long inputBytes, long heldBytes) {
    ended++;
    inFlightBytes -= inputBytes;
    this.heldBytes += heldBytes;
    expectedBytes = Math.max(heldBytes, expectedBytes - (expectedBytes >> 6));
    wakeReader();
  }

  /** What was held is printed. */
  synchronized void printed(long heldBytes) {
    printed++;
    this.heldBytes -= heldBytes;
    wakeReader();
  }

  /** Admits no more; answers how many were. */
  synchronized long close() {
    closed = true;
    notifyAll();
    return admitted;
  }

  /** Whether reading waits because of what is held and not because of what runs. */
  synchronized boolean full() {
    return ended > printed && (admitted - printed >= maxJobs || heldBytes >= maxBytes);
  }

  private void wakeReader() {
    if (hasRoom()) {
      notifyAll();
    }
  }

  private boolean hasRoom() {
    long inFlight = admitted - ended;
    if (admitted - printed >= maxJobs || heldBytes >= maxBytes) {
      return false;
    } else if (inFlight < leastInFlight) {
      return true;
    }
    return inFlight < Math.min(mostInFlight, leastInFlight + ended)
        && heldBytes + inFlightBytes + inFlight * expectedBytes < maxBytes;
  }
}
