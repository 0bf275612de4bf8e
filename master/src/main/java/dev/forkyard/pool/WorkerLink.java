package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Progress;
import dev.forkyard.process.ChildProcess;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Scoreboard;
import dev.forkyard.transport.Connection;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
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
   */
  record Prepared(byte[] token, Scoreboard scoreboard, Path board, Instant started) {}

  final long id;

  /** By which it is launched; those of another generation of workers may be others. */
  final PoolConfig config;

  /** Set on the loop; the launcher does not start what is not wanted any more. */
  volatile boolean killed;

  /** The class-data archive with which it was started; of the launcher's threads. */
  volatile @Nullable Path archive;

  /** It has booted; set on the loop. */
  volatile boolean greeted;

  @Nullable Prepared prepared;
  @Nullable ChildProcess process;
  @Nullable WorkerOutput output;
  @Nullable Connection connection;
  @Nullable WorkerDeath death;

  /** How it ended, in words. */
  String failure = "ended unseen";

  boolean touched;

  /** It was killed since it showed no sign of life. */
  boolean frozen;

  /** It is to be weighed as soon as its process is known. */
  boolean onScales;

  /** Why it was killed where it held too much memory before it had any job. */
  @Nullable String overweight;

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

  long pid() {
    return process == null ? 0 : process.pid();
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
        JobOptions.nanos(future.options().timeout()),
        handler.encoding(),
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

  Progress progress() {
    if (prepared == null) {
      return Progress.NONE;
    }
    Scoreboard.Slot slot = prepared.scoreboard.read();
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
