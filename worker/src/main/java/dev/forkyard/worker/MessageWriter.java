package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Writes what jobs send, in order and many at once, on a thread of its own, which is there when it
 * is needed: jobs' threads may be interrupted, and where they wrote that would close the
 * connection. What waits is bounded by the jobs' windows.
 */
final class MessageWriter {

  private static final long IDLE_MILLIS = 1_000;

  private final MasterChannel master;
  private final WorkerEnd end;

  // Guarded by this.

  private List<Frame> waiting = new ArrayList<>();
  private boolean writing;
  private boolean started;

  MessageWriter(MasterChannel master, WorkerEnd end) {
    this.master = master;
    this.end = end;
  }

  /** Returns at once. */
  synchronized void add(Frame frame) {
    waiting.add(frame);
    if (started) {
      notifyAll();
    } else {
      started = true;
      Thread thread = new Thread(this::run, "forkyard-messages");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Writes all that was added before, on a thread that nobody interrupts. */
  void flush() {
    write(take());
  }

  private void run() {
    try {
      while (awaitMore()) {
        write(take());
      }
    } catch (WorkerEnd.Ended itself) {
      // Nobody reads what it would write.
    }
  }

  /** Whether there is something; if there is nothing for long the thread is to go. */
  private synchronized boolean awaitMore() {
    long left = IDLE_MILLIS;
    for (long start = System.nanoTime(); waiting.isEmpty() && left > 0; ) {
      try {
        wait(left);
      } catch (InterruptedException e) {
        // By what a job left behind; it is meant for nobody here.
      }
      left = IDLE_MILLIS - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }
    started = !waiting.isEmpty();
    return started;
  }

  /** Whoever gets them is the one that writes. */
  private synchronized List<Frame> take() {
    while (writing) {
      try {
        wait();
      } catch (InterruptedException e) {
        // By what a job left behind; it is meant for nobody here.
      }
    }
    writing = true;
    List<Frame> taken = waiting;
    waiting = new ArrayList<>();
    return taken;
  }

  private void write(List<Frame> frames) {
    try {
      master.write(frames);
    } catch (IOException gone) {
      end.halt(0);
    } catch (RuntimeException | Error broken) {
      // Else jobs would wait for ever for what they sent to be taken.
      broken.printStackTrace();
      end.halt(1);
    } finally {
      done();
    }
  }

  private synchronized void done() {
    writing = false;
    notifyAll();
  }
}
