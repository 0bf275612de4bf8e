package dev.forkyard.worker;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What a handler may know about the job it runs, and about its worker. Safe to use from any thread
 * of the worker.
 */
public interface JobContext extends WorkerContext {

  /** The job's id, unique in its pool and the same in every attempt. */
  long jobId();

  /** 1 in the first run of the job, 2 in its first retry, and so on. */
  int attempt();

  /**
   * What its submitter sent along ({@code JobOptions.withHeaders}), such as a trace's {@code
   * traceparent}; empty where that was nothing. It can't be changed.
   */
  Map<String, String> headers();

  /** How long the job may still run before its worker is killed; empty where it has no timeout. */
  Optional<Duration> remaining();

  /**
   * Tells that the job gets on, which starts its stall timeout anew. It costs a few nanoseconds and
   * sends nothing, so call it as often as you like. Without a stall timeout, or when the job has
   * ended, it does nothing.
   */
  void progress();

  /**
   * Whether the job was asked to stop: its caller no longer waits for it, or its soft timeout has
   * passed. The job thread has been interrupted too.
   */
  boolean cancelled();
}
