package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Runs the jobs of one slot one after the other, and, where that is the worker's only one, hears
 * what comes while it has none.
 */
final class JobThread extends Thread {

  private static final String NAME = "forkyard-job";
  private static final int REPLY_OVERHEAD_BYTES = 256;

  /** With which a cause that is long leaves room for what else is told of a worker's end. */
  private static final int MAX_WARM_UP_STACK_CHARS = 6 << 10;

  private final int slot;
  private final Scoreboard scoreboard;
  private final Handlers handlers;
  private final WorkerEnd end;
  private final CountDownLatch warm = new CountDownLatch(1);
  private final CountDownLatch begun = new CountDownLatch(1);
  private final Object interrupts = new Object();

  // These are there when it begins.

  @SuppressWarnings("NullAway.Init")
  private MasterChannel master;

  @SuppressWarnings("NullAway.Init")
  private Orders orders;

  private int maxFrameBytes;

  private volatile boolean interrupting;

  private volatile @Nullable Task running;

  /** Its own: the task that it began must not run. */
  private boolean condemned;

  /** Its own: when the job ended whose reply waits; the next one starts then. 0 for none. */
  private long continuesNanos;

  /** Its own; null until a job brings something for it. */
  private @Nullable LogContext logContext;

  /** Null while Java Flight Recorder does not record. */
  private volatile @Nullable JobRecorder recorder;

  JobThread(int slot, Scoreboard scoreboard, Handlers handlers, WorkerEnd end) {
    super(scoreboard.slots() == 1 ? NAME : NAME + "-" + slot);
    this.slot = slot;
    this.end = end;
    this.scoreboard = scoreboard;
    this.handlers = handlers;
  }

  // From other threads.

  /** Has it make the handlers that are to be ready before the first job, if there are any. */
  void warmUp() {
    if (handlers.wantWarmUp()) {
      start();
    }
  }

  /** Waits until it has; where that fails the process ends. */
  void awaitWarm() {
    if (handlers.wantWarmUp()) {
      awaitAll(warm);
    }
  }

  /** From here on it runs jobs. */
  void begin(MasterChannel master, Orders orders, int maxFrameBytes) {
    this.master = master;
    this.orders = orders;
    this.maxFrameBytes = maxFrameBytes;
    begun.countDown();
    if (!handlers.wantWarmUp()) {
      start();
    }
  }

  /** It will not begin, and ends with its worker. */
  void giveUp() {
    begun.countDown();
  }

  private static void awaitAll(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException ofNobodys) {
        // What a handler's warm-up left behind.
      }
    }
  }

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

  boolean runs(long jobId) {
    Task task = running;
    return task != null && task.jobId() == jobId;
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
      runJobs();
    } catch (WorkerEnd.Ended itself) {
      // It ends, and its process does not.
    }
  }

  private void runJobs() {
    boolean left = false;
    try {
      if (handlers.wantWarmUp()) {
        warmHandlersUp();
        awaitAll(begun);
        leaveIfOver();
      }
      for (Task task = orders.take(this); !task.isLeave(); task = orders.take(this)) {
        run(task);
      }
      leave();
      left = true;
    } catch (WorkerEnd.Ended itself) {
      throw itself;
    } catch (Throwable broken) {
      broken.printStackTrace();
    } finally {
      warm.countDown();
      if (!left) {
        // A worker without its job thread would answer for ever, and run nothing.
        end.halt(1);
      }
    }
  }

  private void warmHandlersUp() {
    try {
      handlers.warmUp();
    } catch (Throwable thrown) {
      // The pool tells it to whoever waits.
      end.failed(
          "a handler could not be warmed up: " + Failures.stack(thrown, MAX_WARM_UP_STACK_CHARS));
    }
    setContextClassLoader(end.classLoader());
    Thread.interrupted();
    warm.countDown();
  }

  /**
   * Where it takes a task: tells of its start, so that it is this thread's to run.
   *
   * @return false if it was taken back before
   */
  boolean begin(Task task) {
    // One look at the clock a job, of those that follow each other at once.
    long start = continuesNanos == 0 ? System.nanoTime() : continuesNanos;
    continuesNanos = 0;
    if (!task.claim()) {
      return false;
    }
    task.start(start, scoreboard, handlers);
    // Before the scoreboard tells of it, since the master may cancel it from then on.
    running = task;
    condemned = !scoreboard.start(slot, task.scoreboardRun(), start);
    return true;
  }

  private void run(Task task) {
    if (condemned) {
      end.condemned();
    }
    long start = task.startedNanos();
    JobRecorder told = recorder;
    JobRecorder.JobEvent event = told == null ? null : told.begin();
    Frame reply = reply(task, start);
    if (told != null && event != null) {
      told.end(event, task, reply instanceof Frame.Failure);
    }
    // A job may have left its own behind, in which the next one's handler is not found.
    setContextClassLoader(end.classLoader());
    running = null;
    task.end();
    if (!scoreboard.end(slot, task.scoreboardRun())) {
      end.condemned();
    }
    forgetInterrupts();
    task.flush();
    answer(reply, task);
    if (reply instanceof Frame.Failure failure && failure.fatal()) {
      send(new Frame.Goodbye(failure.className()));
      end.halt(1);
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
      Object output =
          task.hasHeaders()
              ? handleInContext(loaded, input, task)
              : loaded.handler().handle(input, task);
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

  /** What the submitter's thread had in its logging context is there while the job is handled. */
  private @Nullable Object handleInContext(
      Handlers.Loaded loaded, @Nullable Object input, Task task) throws Throwable {
    Map<String, String> told = task.logContext();
    if (told.isEmpty()) {
      return loaded.handler().handle(input, task);
    }
    LogContext context = logContext;
    if (context == null) {
      context = new LogContext(end.classLoader());
      logContext = context;
    }
    context.put(told);
    try {
      return loaded.handler().handle(input, task);
    } finally {
      context.clear();
    }
  }

  /** What the master reads in one frame beside the numbers. */
  static int replyBytes(int maxFrameBytes) {
    return maxFrameBytes - REPLY_OVERHEAD_BYTES;
  }

  private void answer(Frame reply, Task task) {
    try {
      if (reply instanceof Frame.Result result && !task.isOpen()) {
        long ended = task.startedNanos() + result.runNanos();
        continuesNanos = orders.answer(reply, ended, result.runNanos()) ? ended : 0;
      } else {
        long now = System.nanoTime();
        orders.answer(reply, now, now - task.startedNanos());
      }
    } catch (IOException gone) {
      end.halt(0);
    }
  }

  private void send(Frame frame) {
    try {
      master.write(frame);
    } catch (IOException gone) {
      end.halt(0);
    }
  }

  private void leaveIfOver() {
    if (end.isOver()) {
      end.halt(0);
    }
  }

  /** With the last that does so the worker ends. */
  private void leave() {
    leaveIfOver();
    handlers.stop();
    forgetInterrupts();
    if (orders.leave()) {
      send(new Frame.Goodbye("drained"));
      end.exit();
    }
  }
}
