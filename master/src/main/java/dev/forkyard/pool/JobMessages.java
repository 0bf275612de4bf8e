package dev.forkyard.pool;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.MessageWindow;
import java.util.ArrayDeque;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one job and its caller say to each other. It dies with the attempt: what was sent for one is
 * never told to the next.
 *
 * <p>Both ways are bounded by a window. The worker keeps to the one from the job, and where it does
 * not, it misbehaves; the caller is refused where the one to the job is full.
 */
final class JobMessages {

  /** What a frame holds beside the payload. */
  private static final int FRAME_OVERHEAD_BYTES = 4096;

  /** A message of the attempt that was opened as this one. */
  record Arrived(Frame.Message message, int opening) {}

  private final PoolLoop pool;
  private final long jobId;
  private final Hearer hearer;

  // The loop's alone.

  /** The worker that has the job; null while none has, as far as is known. */
  private @Nullable WorkerLink link;

  /** What came of this attempt and the worker was not told to be taken. */
  private MessageWindow untold = new MessageWindow();

  /** How many of those kept went to the worker. */
  private int keptSent;

  // Guarded by this.

  /** How often the job was handed to a worker. */
  private int opening;

  private final ArrayDeque<Arrived> arrived = new ArrayDeque<>();

  /** Whether one was polled and the next one was not asked for. */
  private boolean hearing;

  /** Taken, of this attempt, and not told to the worker. */
  private MessageWindow taken = new MessageWindow();

  /** For the job, until it has taken some: a job that was not started may go to another worker. */
  private final ArrayDeque<Frame.Message> kept = new ArrayDeque<>();

  private MessageWindow toJob = new MessageWindow();
  private boolean ended;
  private @Nullable Runnable last;

  JobMessages(PoolLoop pool, long jobId, Function<JobMessages, Hearer> hearer) {
    this.pool = pool;
    this.jobId = jobId;
    this.hearer = hearer.apply(this);
  }

  PoolLoop pool() {
    return pool;
  }

  long jobId() {
    return jobId;
  }

  // The caller's.

  /**
   * Sends the job a message.
   *
   * @return false if the job has ended
   * @throws JobRejectedException if it is too large, or the job has not taken those before
   */
  boolean send(Frame.Message message) {
    int most = pool.maxFrameBytes() - FRAME_OVERHEAD_BYTES;
    if (message.payload().length > most) {
      throw new JobRejectedException(
          "a message of class "
              + message.type()
              + " for job "
              + jobId
              + " has "
              + message.payload().length
              + " bytes, more than a frame holds ("
              + most
              + "); raise maxFrameBytes or send less at a time");
    }
    synchronized (this) {
      if (ended) {
        return false;
      } else if (toJob.isFull()) {
        throw new JobRejectedException(
            "job "
                + jobId
                + " is sent faster than it takes: "
                + toJob
                + " were not taken by JobContext.receive, and no more are kept; let the job answer,"
                + " and wait for that");
      }
      toJob.add(message);
      kept.addLast(message);
    }
    pool.post(this::sendKept);
    return true;
  }

  // The hearer's, one thread at a time.

  /** The next one to be heard; null if there is none now. */
  synchronized @Nullable Arrived poll() {
    Arrived next = arrived.pollFirst();
    hearing = next != null;
    return next;
  }

  /** It was heard, so there is room for another. */
  void taken(Arrived heard) {
    Frame.Credit credit;
    synchronized (this) {
      if (heard.opening != opening) {
        return;
      }
      taken.add(heard.message);
      if (!taken.isHalfFull() || ended) {
        return;
      }
      credit = taken.takeAll(jobId);
    }
    pool.post(() -> tell(heard.opening, credit));
  }

  /** After the last one was heard. */
  void runLast() {
    Runnable task;
    synchronized (this) {
      task = last;
      last = null;
    }
    if (task != null) {
      task.run();
    }
  }

  synchronized boolean isEmpty() {
    return arrived.isEmpty();
  }

  /** Nothing more of what came is heard. */
  synchronized void discard() {
    arrived.clear();
  }

  // On the loop.

  /** The job is about to be handed to this worker. */
  void open(WorkerLink worker) {
    link = worker;
    untold = new MessageWindow();
    keptSent = 0;
    synchronized (this) {
      opening++;
      taken = new MessageWindow();
    }
    pool.send(worker, new Frame.Open(jobId));
  }

  /** Also when it was handed over: what is there for the job goes to it. */
  void sendKept() {
    WorkerLink worker = link;
    if (worker != null) {
      synchronized (this) {
        kept.stream().skip(keptSent).forEach(message -> pool.send(worker, message));
        keptSent = kept.size();
      }
    }
  }

  private void tell(int of, Frame.Credit credit) {
    WorkerLink worker = link;
    if (worker != null && of == opening && untold.remove(credit)) {
      pool.send(worker, credit);
    }
  }

  /**
   * A worker sent this.
   *
   * @return false if it must not
   */
  boolean arrived(WorkerLink from, Frame.Message message) {
    if (from != link) {
      return true;
    } else if (untold.isFull()) {
      // What else it sent is dropped until it is gone.
      link = null;
      return false;
    }
    untold.add(message);
    synchronized (this) {
      arrived.addLast(new Arrived(message, opening));
    }
    hearer.arrived();
    return true;
  }

  /** As above. */
  boolean credited(WorkerLink from, Frame.Credit credit) {
    if (from != link) {
      return true;
    }
    synchronized (this) {
      // It was started, so no other worker gets what this one has.
      for (; keptSent > 0; keptSent--) {
        kept.removeFirst();
      }
      return toJob.remove(credit);
    }
  }

  /** The attempt is over, and there will be another. */
  void attemptOver() {
    link = null;
    keptSent = 0;
    synchronized (this) {
      opening++;
      arrived.clear();
      kept.clear();
      toJob = new MessageWindow();
    }
  }

  /**
   * The job has ended.
   *
   * @param replied by a reply, and not by its worker's death, a deadline or the like
   * @param told runs when all that came before was heard
   * @return false if there is nothing to wait for: it does not run
   */
  boolean end(boolean replied, Runnable told) {
    link = null;
    synchronized (this) {
      ended = true;
      kept.clear();
      if (!hearer.holdsBackResult()) {
        return false;
      } else if (!replied) {
        arrived.clear();
        return false;
      }
      boolean waits = hearing || !arrived.isEmpty();
      last = waits ? told : null;
      return waits;
    }
  }
}
