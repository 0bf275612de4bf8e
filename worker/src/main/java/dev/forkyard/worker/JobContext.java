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
   * Sends a message, such as how far the job has got, to the listener for its class that the job
   * was submitted with. Messages are heard in the order in which they were sent, and before the
   * job's future has its result. A message is encoded as an input of its class is, and counts as
   * {@link #progress}.
   *
   * <p>While 256 messages, or 1 MiB of them, were sent and not yet heard the call waits, so that a
   * slow listener slows its own job down.
   *
   * @return false if the job was submitted without a listener for any message; then nothing is sent
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws IllegalArgumentException if its class has no codec, or it is larger than a frame
   * @throws IllegalStateException if the job has ended
   */
  boolean send(Object message) throws InterruptedException;

  /**
   * Waits for the next message of this very class that was sent to the job. Those of other classes
   * stay for other calls. One that was sent before the job started is there; one that was sent to
   * an earlier attempt is not.
   *
   * @param timeout how long to wait; with zero or less it only looks
   * @return empty if none came in that time
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws IllegalArgumentException if no message can be of this class, or it can't be decoded
   */
  <T> Optional<T> receive(Class<T> type, Duration timeout) throws InterruptedException;

  /**
   * Whether the job was asked to stop: its caller no longer waits for it, or its soft timeout has
   * passed, or, where the worker has several slots, another one has. The job thread has been
   * interrupted too.
   */
  boolean cancelled();
}
