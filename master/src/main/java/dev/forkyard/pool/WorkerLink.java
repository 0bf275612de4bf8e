package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Progress;
import dev.forkyard.process.ChildProcess;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Scoreboard;
import dev.forkyard.transport.Connection;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The master's hold on one worker: its process, its connection and its scoreboard. Used on the loop
 * alone.
 */
final class WorkerLink {

  final long id;
  final byte[] token;
  final Scoreboard scoreboard;
  final Path board;

  @Nullable ChildProcess process;
  @Nullable Connection connection;
  @Nullable WorkerDeath death;
  boolean killed;
  boolean touched;

  /** Added to the worker's clock to get ours; 0 where all processes share one. */
  long clockOffsetNanos;

  private final Map<String, Integer> handlerIds = new HashMap<>();

  WorkerLink(long id, byte[] token, Scoreboard scoreboard, Path board) {
    this.id = id;
    this.token = token;
    this.scoreboard = scoreboard;
    this.board = board;
  }

  long pid() {
    return process == null ? 0 : process.pid();
  }

  /** The frame that hands over a job; the handler's name goes along the first time alone. */
  Frame.Run run(JobFuture<?> future, int attempt) {
    HandlerRef<?, ?> handler = future.handler();
    Integer known = handlerIds.get(handler.className());
    int handlerId = known == null ? handlerIds.size() + 1 : known;
    if (known == null) {
      handlerIds.put(handler.className(), handlerId);
    }
    return new Frame.Run(
        future.jobId(),
        handlerId,
        known == null ? handler.className() : null,
        attempt,
        JobOptions.nanos(future.options().timeout()),
        handler.encoding(),
        future.payload());
  }

  Progress progress() {
    Scoreboard.Slot slot = scoreboard.read();
    return switch (slot.state()) {
      case IDLE -> Progress.NONE;
      case RUNNING ->
          new Progress(
              Progress.State.RUNNING, slot.jobId(), slot.startedNanos() + clockOffsetNanos);
      case ENDED -> new Progress(Progress.State.ENDED, slot.jobId(), 0);
      case CONDEMNED ->
          new Progress(
              Progress.State.CONDEMNED, slot.jobId(), slot.startedNanos() + clockOffsetNanos);
    };
  }
}
