package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker process: one thread runs the jobs one after the other, or several do where the pool asks
 * for slots, and another sees to it that the master is always answered.
 *
 * <p>When the connection ends, for whatever reason, the process ends at once: without its master it
 * has no business. The token by which it is known and the master's address come on standard input,
 * which is empty afterwards.
 */
public final class WorkerMain {

  private static final int TOKEN_CHARS = 64;

  /** Well within the second after which the master looks again. */
  private static final long BEAT_NANOS = 250_000_000L;

  /** How often it is looked for Java Flight Recorder. */
  private static final int BEATS_A_LOOK = 4;

  private static final int HEART_STACK_BYTES = 128 << 10;

  private final long workerId;
  private final MasterChannel master;
  private final Scoreboard scoreboard;
  private final WorkerEnd end;

  WorkerMain(long workerId, MasterChannel master, Scoreboard scoreboard, WorkerEnd end) {
    this.workerId = workerId;
    this.master = master;
    this.scoreboard = scoreboard;
    this.end = end;
  }

  /**
   * Started by a pool.
   *
   * @param args the worker's id and its scoreboard's file
   */
  public static void main(String[] args) throws IOException {
    raiseOomScore();
    Scoreboard scoreboard = Scoreboard.open(Path.of(args[1]));
    Briefing briefing = Briefing.read(System.in);
    byte[] token = token(briefing.tokenHex());
    ProcessEnd end = new ProcessEnd();
    JobThreads jobThreads = new JobThreads(scoreboard, briefing.setup(), end);
    // Before there is a connection, since the greeting is what tells that it is ready for jobs.
    jobThreads.warmUp();
    MasterChannel.nameProvider();
    MasterChannel master = MasterChannel.connect(briefing.address());
    WorkerMain worker = new WorkerMain(Long.parseLong(args[0]), master, scoreboard, end);
    Runnable exiting = () -> exiting(end, scoreboard, master);
    Runtime.getRuntime().addShutdownHook(new Thread(exiting, "forkyard-exit"));
    worker.serve(worker.greet(token), jobThreads);
  }

  private static byte[] token(String hex) {
    if (hex.length() != TOKEN_CHARS) {
      System.err.println("A worker is started by a pool, with a token on standard input.");
      Runtime.getRuntime().halt(1);
    }
    byte[] token = new byte[TOKEN_CHARS / 2];
    for (int i = 0; i < token.length; i++) {
      token[i] =
          (byte)
              (Character.digit(hex.charAt(2 * i), 16) << 4
                  | Character.digit(hex.charAt(2 * i + 1), 16));
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

  /** Answers with what the master told. */
  Frame.Welcome greet(byte[] token) throws IOException {
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
      end.halt(1);
      throw new IllegalStateException("not welcome");
    }
    master.allow(welcome.maxFrameBytes());
    master.spin(welcome.spinNanos());
    master.collectReplies(scoreboard);
    return welcome;
  }

  void serve(Frame.Welcome welcome, JobThreads jobThreads) {
    OpenTasks openTasks =
        new OpenTasks(
            new MessageWriter(master, end), JobThread.replyBytes(welcome.maxFrameBytes()));
    Orders orders =
        new Orders(master, welcome.maxFrameBytes(), jobThreads, openTasks, end::disconnected);
    jobThreads.begin(master, orders, welcome.maxFrameBytes());
    Runnable beating = () -> beat(jobThreads);
    Thread heart = new Thread(null, beating, "forkyard-beat", HEART_STACK_BYTES);
    heart.setDaemon(true);
    heart.start();
    orders.serve();
  }

  /** Shows the master that this process is neither stopped nor stuck, whatever the job does. */
  private void beat(JobThreads jobThreads) {
    for (int beats = 0; !end.isOver(); beats++) {
      scoreboard.beat();
      if (beats % BEATS_A_LOOK == 0 && !jobThreads.records() && FlightRecording.isOn()) {
        jobThreads.record();
      }
      LockSupport.parkNanos(BEAT_NANOS);
    }
  }

  /**
   * The JVM is about to exit by itself. It would wait 300 ms for a thread that is blocked in a
   * native read, so whoever reads is called back from there.
   */
  private static void exiting(ProcessEnd end, Scoreboard scoreboard, MasterChannel master) {
    scoreboard.markExit();
    end.exiting();
    master.stopReading();
  }
}
