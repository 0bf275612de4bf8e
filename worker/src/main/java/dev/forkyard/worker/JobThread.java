package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Runs the jobs one after the other, and hears what comes while it has none. */
final class JobThread extends Thread {

  private static final int REPLY_OVERHEAD_BYTES = 256;

  private final MasterChannel master;
  private final Scoreboard scoreboard;
  private final Orders orders;
  private final int maxFrameBytes;
  private final Handlers handlers = new Handlers();
  private final Object interrupts = new Object();
  private volatile boolean interrupting;

  private volatile @Nullable Task running;

  /** Null while Java Flight Recorder does not record. */
  private volatile @Nullable JobRecorder recorder;

  JobThread(MasterChannel master, Scoreboard scoreboard, Orders orders, int maxFrameBytes) {
    super("forkyard-job");
    this.master = master;
    this.scoreboard = scoreboard;
    this.orders = orders;
    this.maxFrameBytes = maxFrameBytes;
  }

  // From other threads.

  /**
   * What is left of a job may interrupt this thread between jobs, where that would close the
   * connection: it is forgotten.
   */
  @Override
  public void interrupt() {
    synchronized (interrupts) {
      interrupting = true;
      if (running != null || Thread.currentThread() == this) {
        super.interrupt();
      }
      interrupting = false;
    }
  }

  /** Interrupts this job, which was condemned: the thread starts nothing more. */
  void cancel(long jobId) {
    Task task = running;
    if (task != null && task.jobId() == jobId) {
      task.cancel();
      interrupt();
    }
  }

  /** Interrupts this job, and never what the thread does next. */
  void stop(long jobId) {
    Task task = running;
    if (task != null && task.jobId() == jobId) {
      task.stop(this);
    }
  }

  /** Java Flight Recorder records, and is told of jobs from now on. */
  void record() {
    recorder = new JobRecorder();
  }

  boolean records() {
    return recorder != null;
  }

  // On itself.

  @Override
  public void run() {
    try {
      while (true) {
        Task task = orders.take(this);
        if (task == Task.LEAVE) {
          leave();
        } else {
          run(task);
        }
      }
    } catch (Throwable broken) {
      broken.printStackTrace();
    } finally {
      // A worker without its job thread would answer for ever, and run nothing.
      Runtime.getRuntime().halt(1);
    }
  }

  private void run(Task task) {
    if (!task.claim()) {
      return;
    }
    long start = System.nanoTime();
    task.start(start, scoreboard);
    // Before the scoreboard tells of it, since the master may cancel it from then on.
    running = task;
    if (!scoreboard.start(task.scoreboardRun(), start)) {
      parkForEver();
    }
    JobRecorder told = recorder;
    JobRecorder.JobEvent event = told == null ? null : told.begin();
    Frame reply = reply(task, start);
    if (told != null && event != null) {
      told.end(event, task, reply instanceof Frame.Failure);
    }
    // A job may have left its own behind, in which the next one's handler is not found.
    setContextClassLoader(WorkerMain.class.getClassLoader());
    running = null;
    task.end();
    if (!scoreboard.end(task.scoreboardRun())) {
      parkForEver();
    }
    forgetInterrupts();
    answer(reply);
    if (reply instanceof Frame.Failure failure && failure.fatal()) {
      send(new Frame.Goodbye(failure.className()));
      Runtime.getRuntime().halt(1);
    }
  }

  /** From here to the next job there are none: those that saw this one run are through. */
  private void forgetInterrupts() {
    while (interrupting) {
      Thread.onSpinWait();
    }
    Thread.interrupted();
  }

  private Frame reply(Task task, long start) {
    FailureKind stage = FailureKind.HANDLER;
    try {
      Handlers.Loaded loaded = handlers.get(task.handlerName);
      stage = FailureKind.INPUT;
      Object input = loaded.decode(task.encoding, task.takePayload());
      stage = FailureKind.THROWN;
      Object output = loaded.handler().handle(input, task);
      stage = FailureKind.OUTPUT;
      byte[] value = loaded.encode(task.encoding, output);
      if (value != null && value.length > replyBytes(maxFrameBytes)) {
        throw new IllegalArgumentException(
            "the result has "
                + value.length
                + " bytes, more than a frame of "
                + maxFrameBytes
                + " holds; raise maxFrameBytes or answer with a file");
      }
      return new Frame.Result(task.jobId(), System.nanoTime() - start, value);
    } catch (Throwable thrown) {
      long nanos = System.nanoTime() - start;
      return Failures.of(task.jobId(), nanos, stage, thrown, replyBytes(maxFrameBytes));
    }
  }

  /** What the master reads in one frame beside the numbers. */
  static int replyBytes(int maxFrameBytes) {
    return maxFrameBytes - REPLY_OVERHEAD_BYTES;
  }

  private void answer(Frame reply) {
    try {
      master.reply(reply, orders.hasNext());
    } catch (IOException gone) {
      Runtime.getRuntime().halt(0);
    }
  }

  private void send(Frame frame) {
    try {
      master.write(frame);
    } catch (IOException gone) {
      Runtime.getRuntime().halt(0);
    }
  }

  /** It was condemned: it starts nothing more, answers nothing, and is about to be killed. */
  private static void parkForEver() {
    while (true) {
      LockSupport.park();
      Thread.interrupted();
    }
  }

  private void leave() {
    handlers.stop();
    forgetInterrupts();
    send(new Frame.Goodbye("drained"));
    System.exit(0);
  }
}
