package dev.forkyard.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message of the conversation; {@code forkyard.proto} says what each must hold and when it may
 * be sent.
 */
public sealed interface Frame {

  /** Worker to master, the first frame of a connection. */
  record Hello(
      int version,
      byte[] token,
      long workerId,
      long pid,
      String java,
      int maxFrameBytes,
      long nanoTime)
      implements Frame {}

  /**
   * Master to worker, the answer to a {@link Hello} that was accepted.
   *
   * @param spinNanos how long to look for the next frame before sleeping
   */
  record Welcome(int version, int maxFrameBytes, long spinNanos) implements Frame {}

  /**
   * Master to worker: run this job after those sent before it.
   *
   * @param handlerName the handler's class, set the first time {@code handlerId} is used on a
   *     connection
   * @param attempt 1 for the first run of the job
   * @param deadlineNanosLeft how long the job may run from its start; 0 is without limit
   * @param headers what the job's submitter sends along: names and their values by turns
   * @param payload the encoded input, null for a null input
   */
  record Run(
      long jobId,
      int handlerId,
      @Nullable String handlerName,
      int attempt,
      long deadlineNanosLeft,
      Encoding encoding,
      List<String> headers,
      byte @Nullable [] payload)
      implements Frame {

    /** Without headers. */
    public Run(
        long jobId,
        int handlerId,
        @Nullable String handlerName,
        int attempt,
        long deadlineNanosLeft,
        Encoding encoding,
        byte @Nullable [] payload) {
      this(jobId, handlerId, handlerName, attempt, deadlineNanosLeft, encoding, List.of(), payload);
    }
  }

  /** Worker to master: the job ended well; a null value is a null result. */
  record Result(long jobId, long runNanos, byte @Nullable [] value) implements Frame {}

  /**
   * Worker to master: the job failed.
   *
   * @param className the class of what was thrown
   * @param stack the stack trace as text, causes included
   * @param fatal the worker is in doubt and ends after this frame
   */
  record Failure(
      long jobId,
      long runNanos,
      FailureKind kind,
      String className,
      @Nullable String message,
      String stack,
      boolean fatal)
      implements Frame {}

  /** Master to worker: interrupt this job if it runs, and answer with a {@link Dump}. */
  record Cancel(long jobId) implements Frame {}

  /** Master to worker: ask this job to stop, by its token and an interrupt, if it still runs. */
  record Stop(long jobId) implements Frame {}

  /** Master to worker: give these jobs back if they have not started. */
  record Recall(long[] jobIds) implements Frame {}

  /** Worker to master: these recalled jobs were not started and never will be here. */
  record Returned(long[] jobIds) implements Frame {}

  /** Worker to master: all threads' stacks, as asked for by {@link Cancel}. */
  record Dump(long jobId, String text) implements Frame {}

  /**
   * Master to worker: finish what was sent, run the stop hooks, say {@link Goodbye} and exit with
   * 0.
   */
  record Drain() implements Frame {}

  /**
   * Either side: user data, for a job that was opened or, with job id 0, for the process.
   *
   * @param sequence 0, or what the {@link Taken} that it wants is to name
   */
  record Message(long jobId, String type, byte[] payload, long sequence) implements Frame {}

  /** Either side: a listener has taken the message of this sequence number. */
  record Taken(long sequence) implements Frame {}

  /**
   * Master to worker: the job of the {@link Run} that follows may send messages, and be sent some.
   */
  record Open(long jobId) implements Frame {}

  /** Either side: so many more of this job's messages, of so many bytes in all, were taken. */
  record Credit(long jobId, int messages, long bytes) implements Frame {}

  /** Either side: nothing follows, for this reason. */
  record Goodbye(String reason) implements Frame {}

  /** How a payload is to be understood. */
  enum Encoding {
    /** As the codec of the handler's declared type writes it. */
    BINARY,
    /**
     * The input is text; the result is one byte, 's' for a string or 'j' for JSON, and its text in
     * UTF-8.
     */
    TEXT
  }

  /** Whose fault a failed job is. */
  enum FailureKind {
    /** The handler threw. */
    THROWN,
    /**
     * The handler can't be used: not found, not a handler, no constructor, types unresolved, start
     * hook threw.
     */
    HANDLER,
    /** The input could not be decoded. */
    INPUT,
    /** The result could not be encoded, or is larger than a frame. */
    OUTPUT
  }
}
