package dev.forkyard.worker;

import org.jspecify.annotations.Nullable;

/**
 * Does one kind of job in a worker process.
 *
 * <p>A worker makes one instance of a handler when the first job for it arrives, or before it is
 * ready where the pool's builder asks for that ({@code warmUp}): by its public no-argument
 * constructor, or as the builder was told ({@code handler}). It calls {@link #start}, and keeps it
 * until the worker ends. All calls come on the worker's job thread, one at a time, so a handler
 * needs no locks of its own.
 *
 * <p>Where the pool has several slots a worker ({@code slotsPerWorker}), all this is so for each
 * slot: it has an instance and a thread of its own. Instances share what is static.
 *
 * <p>The input and output types are read from the type parameters: {@code byte[]}, {@link String},
 * the boxed primitives, {@link java.nio.ByteBuffer} and {@link java.io.InputStream} (read to its
 * end, and within a frame), protobuf messages, and records or plain classes (as CBOR by Jackson,
 * which the program brings). For any other type, name a {@link Codec} with {@link UseCodec}.
 *
 * @param <I> the input; null is a value
 * @param <O> the result; null is a value
 */
public interface JobHandler<I extends @Nullable Object, O extends @Nullable Object> {

  /**
   * Runs one job.
   *
   * @param input what was submitted
   * @param context what is known about this job
   * @return the result that the submitter's future completes with
   * @throws Exception anything; the job fails with its class, message and stack as text, the worker
   *     lives on
   */
  O handle(I input, JobContext context) throws Exception;

  /**
   * Called once before the first job of this instance. Override this one where the settings are
   * needed, or else {@link #start()}, which it calls.
   *
   * @param context what is known about the worker; it may be kept
   * @throws Exception anything; the job that asked for the handler fails with it, and the next one
   *     tries anew. Where the handler is to be warm before the first job the worker ends with it
   */
  default void start(WorkerContext context) throws Exception {
    start();
  }

  /**
   * As {@link #start(WorkerContext)}, for those that need no settings.
   *
   * @throws Exception as there
   */
  default void start() throws Exception {}

  /**
   * Called once when the worker drains, on the thread of its slot, since its pool closes or it is
   * replaced. A worker that is killed does not call it. It has the pool's stop timeout (5 s by
   * default), with all other handlers of the worker; then the worker is killed.
   *
   * @throws Exception anything; it is printed and the worker ends
   */
  default void stop() throws Exception {}
}
