package dev.forkyard.worker;

/**
 * Where several job threads take their tasks. Whoever takes one tells of its start before the next
 * can be taken, so that all starts are told in the order of the tasks: by that the master knows of
 * a dead worker what it had ended, when others that came later still ran.
 */
final class SharedInbox {

  private final Inbox inbox;

  /** The end of all work, when it was reached: it is for all of them. */
  private boolean leaving;

  /** Whoever reads puts into this one what is to be taken. */
  SharedInbox(Inbox inbox) {
    this.inbox = inbox;
  }

  /** By whoever reads: what was added is to be taken. */
  synchronized void handOver() {
    inbox.handOver();
    notify();
  }

  /** On a job thread: waits for the next task, which it has begun, or for the end of all. */
  synchronized Task take(JobThread jobThread) {
    while (!leaving) {
      Task next = inbox.take();
      if (next == null) {
        try {
          wait();
        } catch (InterruptedException ofNobodys) {
          // By what a job left behind; it is meant for nobody here.
        }
      } else if (next.isLeave()) {
        leaving = true;
        notifyAll();
      } else if (jobThread.begin(next)) {
        if (inbox.hasNext()) {
          notify();
        }
        return next;
      }
    }
    return Task.leave();
  }
}
