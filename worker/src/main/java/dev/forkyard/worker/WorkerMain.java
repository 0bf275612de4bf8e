package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A worker process: one thread reads what the master sends and always answers, another runs the
 * jobs one after the other.
 *
 * <p>When the connection ends, for whatever reason, the process ends at once: without its master it
 * has no business. The token by which it is known comes on standard input, which is empty
 * afterwards.
 */
public final class WorkerMain {

  private static final int TOKEN_CHARS = 64;

  /** A shutdown hook that hangs must not keep a worker, and its job, for ever. */
  private static final long EXIT_NANOS = 5_000_000_000L;

  /** Well within the second after which the master looks again. */
  private static final long BEAT_NANOS = 250_000_000L;

  private static final int HEART_STACK_BYTES = 128 << 10;
  private static final int MAX_DUMP_CHARS = 256 << 10;
  private static final int MAX_BYTES_PER_CHAR = 3;
  private static final int REPLY_OVERHEAD_BYTES = 256;

  private final long workerId;
  private final MasterChannel master;
  private final Scoreboard scoreboard;
  private final Inbox inbox = new Inbox();

  /** The end of all work; no job has this id. */
  private final Task leave =
      new Task(new Frame.Run(0, 0, null, 0, 0, Frame.Encoding.BINARY, null), "");

  /** The reader's: whether that was handed over. */
  private boolean toLeave;

  /** The reader's: the tasks that may be unclaimed, the oldest first. */
  private final ArrayDeque<Task> unclaimed = new ArrayDeque<>();

  private final Map<Integer, String> handlerNames = new HashMap<>();
  private int lastHandlerId;
  private String lastHandlerName = "";
  private final Handlers handlers = new Handlers();
  private volatile @Nullable Task running;
  private volatile int maxFrameBytes;
  private volatile boolean exiting;
  private @Nullable Thread jobThread;

  private WorkerMain(long workerId, MasterChannel master, Scoreboard scoreboard) {
    this.workerId = workerId;
    this.master = master;
    this.scoreboard = scoreboard;
  }

  /**
   * Started by a pool.
   *
   * @param args the master's address, the worker's id and its scoreboard's file
   */
  public static void main(String[] args) throws IOException {
    byte[] token = readToken();
    raiseOomScore();
    Scoreboard scoreboard = Scoreboard.open(Path.of(args[2]));
    WorkerMain worker =
        new WorkerMain(Long.parseLong(args[1]), MasterChannel.connect(args[0]), scoreboard);
    Runtime.getRuntime().addShutdownHook(new Thread(worker::exiting, "forkyard-exit"));
    worker.greet(token);
    worker.serve();
  }

  private static byte[] readToken() throws IOException {
    InputStream in = System.in;
    byte[] hex = in.readNBytes(TOKEN_CHARS);
    in.readAllBytes();
    if (hex.length < TOKEN_CHARS) {
      System.err.println("A worker is started by a pool, with a token on standard input.");
      Runtime.getRuntime().halt(1);
    }
    byte[] token = new byte[hex.length / 2];
    for (int i = 0; i < token.length; i++) {
      token[i] =
          (byte) (Character.digit(hex[2 * i], 16) << 4 | Character.digit(hex[2 * i + 1], 16));
    }
    return token;
  }

  /** Where memory runs out the kernel is to take a worker and never the master. */
  private static void raiseOomScore() {
    try {
      Files.write(Path.of("/proc/self/oom_score_adj"), new byte[] {'5', '0', '0'});
    } catch (IOException | SecurityException notLinux) {
      // Then the kernel decides by itself.
    }
  }

  private void greet(byte[] token) throws IOException {
    master.write(
        new Frame.Hello(
            FrameCodec.VERSION,
            token,
            workerId,
            ProcessHandle.current().pid(),
            Runtime.version().toString(),
            FrameCodec.DEFAULT_MAX_FRAME_BYTES,
            System.nanoTime()));
    if (!(master.read() instanceof Frame.Welcome welcome)) {
      Runtime.getRuntime().halt(1);
      return;
    }
    maxFrameBytes = welcome.maxFrameBytes();
    master.allow(maxFrameBytes);
    master.collectReplies(scoreboard);
    Thread thread = new Thread(null, this::runJobs, "forkyard-job");
    jobThread = thread;
    thread.start();
    Thread heart = new Thread(null, this::beat, "forkyard-beat", HEART_STACK_BYTES);
    heart.setDaemon(true);
    heart.start();
  }

  /** Shows the master that this process is neither stopped nor stuck, whatever the job does. */
  private void beat() {
    while (true) {
      scoreboard.beat();
      LockSupport.parkNanos(BEAT_NANOS);
    }
  }

  /** Reads until the end; nothing a job does keeps this thread from answering. */
  private void serve() {
    boolean inDoubt = false;
    try {
      for (Frame frame = next(); frame != null; frame = next()) {
        if (frame instanceof Frame.Run run) {
          accept(run);
        } else if (frame instanceof Frame.Recall recall) {
          giveBack(recall.jobIds());
        } else if (frame instanceof Frame.Cancel cancel) {
          cancel(cancel.jobId());
        } else if (frame instanceof Frame.Stop stop) {
          stop(stop.jobId());
        } else if (frame instanceof Frame.Drain && !toLeave) {
          toLeave = true;
          inbox.add(leave);
        }
      }
    } catch (IOException | RuntimeException brokenConnection) {
      // Nobody is there any more who could be told.
    } catch (Error e) {
      e.printStackTrace();
      inDoubt = true;
    } finally {
      if (exiting) {
        letHooksRun();
      }
      Runtime.getRuntime().halt(exiting || inDoubt ? 1 : 0);
    }
  }

  /** What has arrived together is handed over together, before there is a wait for more. */
  private @Nullable Frame next() throws IOException {
    Frame frame = master.readArrived();
    if (frame == null) {
      inbox.handOver();
      frame = master.read();
    }
    return frame;
  }

  /**
   * The JVM is about to exit by itself. It would wait 300 ms for a thread that is blocked in a
   * native read, so the reader is called back from there.
   */
  private void exiting() {
    scoreboard.markExit();
    exiting = true;
    master.stopReading();
  }

  /** On the reader: other shutdown hooks have their time, but no more than that. */
  private static void letHooksRun() {
    long deadline = System.nanoTime() + EXIT_NANOS;
    for (long left = EXIT_NANOS; left > 0; left = deadline - System.nanoTime()) {
      LockSupport.parkNanos(left);
      Thread.interrupted();
    }
  }

  private void accept(Frame.Run run) {
    if (run.handlerName() != null) {
      handlerNames.put(run.handlerId(), run.handlerName());
    } else if (run.handlerId() == lastHandlerId) {
      accept(new Task(run, lastHandlerName));
      return;
    }
    lastHandlerId = run.handlerId();
    lastHandlerName = handlerNames.getOrDefault(lastHandlerId, "");
    accept(new Task(run, lastHandlerName));
  }

  private void accept(Task task) {
    while (!unclaimed.isEmpty() && unclaimed.getFirst().isClaimed()) {
      unclaimed.removeFirst();
    }
    unclaimed.addLast(task);
    inbox.add(task);
  }

  private void giveBack(long[] jobIds) throws IOException {
    Map<Long, Task> byId = new HashMap<>();
    unclaimed.forEach(task -> byId.put(task.jobId(), task));
    long[] returned = new long[jobIds.length];
    int count = 0;
    for (long jobId : jobIds) {
      Task task = byId.get(jobId);
      if (task != null && task.claim()) {
        returned[count++] = jobId;
      }
    }
    master.write(new Frame.Returned(Arrays.copyOf(returned, count)));
  }

  private void cancel(long jobId) throws IOException {
    Thread thread = jobThread;
    // Once it is interrupted, the job is elsewhere.
    String dump = ThreadDump.of(thread, maxDumpChars());
    Task task = running;
    if (task != null && task.jobId() == jobId && thread != null) {
      task.cancel();
      thread.interrupt();
    }
    master.write(new Frame.Dump(jobId, dump));
  }

  private void stop(long jobId) {
    Task task = running;
    Thread thread = jobThread;
    if (task != null && task.jobId() == jobId && thread != null) {
      task.stop(thread);
    }
  }

  private int maxDumpChars() {
    return Math.min(MAX_DUMP_CHARS, replyBytes() / MAX_BYTES_PER_CHAR);
  }

  // On the job thread.

  private void runJobs() {
    try {
      while (true) {
        Task task = inbox.take();
        if (task == leave) {
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
    Frame reply = reply(task, start);
    // A job may have left its own behind, in which the next one's handler is not found.
    Thread.currentThread().setContextClassLoader(WorkerMain.class.getClassLoader());
    running = null;
    task.end();
    if (!scoreboard.end(task.scoreboardRun())) {
      parkForEver();
    }
    Thread.interrupted();
    answer(reply);
    if (reply instanceof Frame.Failure failure && failure.fatal()) {
      send(new Frame.Goodbye(failure.className()));
      Runtime.getRuntime().halt(1);
    }
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
      if (value != null && value.length > replyBytes()) {
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
      return Failures.of(task.jobId(), nanos, stage, thrown, replyBytes());
    }
  }

  /** What the master reads in one frame beside the numbers. */
  private int replyBytes() {
    return maxFrameBytes - REPLY_OVERHEAD_BYTES;
  }

  private void answer(Frame reply) {
    try {
      master.reply(reply, inbox.hasNext());
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
    send(new Frame.Goodbye("drained"));
    System.exit(0);
  }
}
