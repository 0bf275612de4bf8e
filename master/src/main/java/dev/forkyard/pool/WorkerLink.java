package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Progress;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Scoreboard;
import dev.forkyard.transport.Connection;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The master's hold on one worker: its process, its connection and its scoreboard. It is there from
 * the launch on, and gets them one after the other. Used on the loop alone, but for what is
 * volatile.
 */
final class WorkerLink {

  /**
   * What is there before the process is.
   *
   * @param token by which it is known when it greets
   * @param board the scoreboard's file
   * @param started not after the process did
   * @param kernelKills how many processes the kernel had ended then for want of memory
   */
  record Prepared(
      byte[] token, Scoreboard scoreboard, Path board, Instant started, long kernelKills) {

    long runningJob() {
      long found = 0;
      for (int i = 0; i < scoreboard.slots(); i++) {
        Scoreboard.Slot slot = scoreboard.read(i);
        if (slot.state() == Scoreboard.State.RUNNING) {
          if (found != 0) {
            return 0;
          }
          found = slot.run() & JOB_BITS;
        }
      }
      return found;
    }
  }

  /** Of a run, which is an attempt of a job; see {@link Scoreboard#run}. */
  private static final long JOB_BITS = (1L << 56) - 1;

  final long id;

  private final long launchedNanos = System.nanoTime();

  /** By which it is launched; those of another generation of workers may be others. */
  final PoolConfig config;

  /** Set on the loop; the launcher does not start what is not wanted any more. */
  volatile boolean killed;

  /** The class-data archive with which it was started; of the launcher's threads. */
  volatile @Nullable Path archive;

  /** Where it waits for a debugger; of the launcher's threads. */
  volatile int debugPort;

  /** It has booted; set on the loop. */
  volatile boolean greeted;

  @Nullable Prepared prepared;
  @Nullable WorkerHost host;
  @Nullable WorkerOutput output;
  @Nullable Connection connection;
  @Nullable WorkerDeath death;

  /** How it ended, in words. */
  private String failure = "ended unseen";

  /** As it said itself, which may be before its process is told of here. */
  long greetedPid;

  /** Its process was killed, as soon as it was known. */
  boolean killTold;

  boolean touched;

  /** The job that it runs, or one of them, was condemned, so that it is on its way out. */
  boolean condemned;

  /** It broke the protocol, which was told. */
  boolean misbehaved;

  /** How many of its answers were dropped. */
  int unwanted;

  /** It was killed since it showed no sign of life. */
  boolean frozen;

  /** It is to be weighed as soon as its process is known. */
  boolean onScales;

  /** Why it was refused when it greeted, or killed before it had any job: it held too much. */
  @Nullable String verdict;

  /** What the kernel knew of its threads when its job was condemned. */
  volatile @Nullable String threads;

  /** Added to the worker's clock to get ours; 0 where all processes share one. */
  long clockOffsetNanos;

  private final Map<String, Integer> handlerIds = new HashMap<>();
  private @Nullable HandlerRef<?, ?> lastHandler;
  private int lastHandlerId;

  WorkerLink(long id, PoolConfig config) {
    this.id = id;
    this.config = config;
  }

  void exited(String howItEnded) {
    failure = howItEnded;
  }

  /** Why it ended, in words. */
  String failure() {
    return verdict == null ? failure : verdict;
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - launchedNanos);
  }

  PoolEvent.WorkerEnded ended(boolean lost) {
    WorkerDeath seen = death == null ? WorkerDeath.UNSEEN : death;
    boolean exited = seen.signal() == null && seen.exitCode() >= 0;
    return new PoolEvent.WorkerEnded(
        config.name(),
        id,
        pid(),
        lost,
        failure(),
        exited ? OptionalInt.of(seen.exitCode()) : OptionalInt.empty(),
        Optional.ofNullable(seen.signal()),
        seen.outOfMemory(),
        seen.outputTail(),
        Optional.ofNullable(seen.crashReport()).map(Path::of),
        age());
  }

  long pid() {
    return host == null ? 0 : host.pid();
  }

  /** The frame that hands over a job; the handler's name goes along the first time alone. */
  Frame.Run run(JobFuture<?> future, int attempt) {
    HandlerRef<?, ?> handler = future.handler();
    String newName = null;
    if (handler != lastHandler) {
      lastHandler = handler;
      Integer known = handlerIds.get(handler.className());
      lastHandlerId = known == null ? handlerIds.size() + 1 : known;
      if (known == null) {
        newName = handler.className();
        handlerIds.put(newName, lastHandlerId);
      }
    }
    return new Frame.Run(
        future.jobId(),
        lastHandlerId,
        newName,
        attempt,
        config.debugsWorkers() ? 0 : JobOptions.nanos(future.options().timeout()),
        handler.encoding(),
        future.options().headers().sent(),
        future.payload());
  }

  /** The frame could not be sent, so the worker has not learned from it. */
  void unsent(Frame.Run frame) {
    if (frame.handlerName() != null) {
      handlerIds.remove(frame.handlerName());
      lastHandler = null;
    }
  }

  boolean condemn(long run) {
    return prepared != null && prepared.scoreboard.condemn(run);
  }

  /** The id of the job that it runs, as it claims; 0 if it runs none, or more than one. */
  long runningJob() {
    return prepared == null ? 0 : prepared.runningJob();
  }

  /** Of each slot; empty while it has none. */
  List<Progress> progress() {
    if (prepared == null) {
      return List.of();
    }
    Scoreboard board = prepared.scoreboard;
    if (board.slots() == 1) {
      return List.of(progress(board.read(0)));
    }
    List<Progress> all = new ArrayList<>(board.slots());
    for (int slot = 0; slot < board.slots(); slot++) {
      all.add(progress(board.read(slot)));
    }
    return all;
  }

  private Progress progress(Scoreboard.Slot slot) {
    return switch (slot.state()) {
      case IDLE -> Progress.NONE;
      case RUNNING -> progress(Progress.State.RUNNING, slot);
      case ENDED -> new Progress(Progress.State.ENDED, slot.run(), 0, 0);
      case CONDEMNED -> progress(Progress.State.CONDEMNED, slot);
    };
  }

  private Progress progress(Progress.State state, Scoreboard.Slot slot) {
    long started = slot.startedNanos() + clockOffsetNanos;
    long told = slot.progressedNanos();
    return new Progress(state, slot.run(), started, told == 0 ? started : told + clockOffsetNanos);
  }
}
