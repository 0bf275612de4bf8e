package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes what jobs send, in order and many at once, on a thread of its own: jobs' threads may be
 * interrupted, and where they wrote that would close the connection. What waits is bounded by the
 * jobs' windows.
 */
final class MessageWriter {

  private final MasterChannel master;

  // Guarded by this.

  private List<Frame> waiting = new ArrayList<>();
  private boolean writing;
  private boolean started;

  MessageWriter(MasterChannel master) {
    this.master = master;
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
    write(take(false));
  }

  private void run() {
    while (true) {
      write(take(true));
    }
  }

  /** Whoever gets them is the one that writes. */
  private synchronized List<Frame> take(boolean some) {
    while (writing || some && waiting.isEmpty()) {
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
    boolean written = false;
    try {
      master.write(frames);
      written = true;
    } catch (IOException gone) {
      Runtime.getRuntime().halt(0);
    } finally {
      if (!written) {
        // Else jobs would wait for ever for what was sent to be taken.
        Runtime.getRuntime().halt(1);
      }
    }
    done();
  }

  private synchronized void done() {
    writing = false;
    notifyAll();
  }
}
