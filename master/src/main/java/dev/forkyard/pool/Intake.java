package dev.forkyard.pool;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Takes jobs from callers, on their threads: gives each its id, encodes its input, waits for a
 * place in the queue and hands it to the loop.
 */
final class Intake {

  /** What a frame holds beside the payload: ids, numbers and the handler's name. */
  private static final int FRAME_OVERHEAD_BYTES = 4096;

  private final PoolConfig config;
  private final PoolLoop loop;
  private final Places places;
  private final AtomicLong lastJobId = new AtomicLong();

  Intake(PoolConfig config, PoolLoop loop, Places places) {
    this.config = config;
    this.loop = loop;
    this.places = places;
  }

  /** As {@link ProcessPool#submit(HandlerRef, Object, JobOptions)} says. */
  <I extends @Nullable Object, O extends @Nullable Object> JobFuture<O> submit(
      HandlerRef<I, O> handler, I input, JobOptions options) {
    places.refuseIfClosed();
    long jobId = lastJobId.incrementAndGet();
    byte[] payload;
    try {
      payload = input == null ? null : handler.input().encode(input);
    } catch (Throwable e) {
      if (e instanceof VirtualMachineError state && !(e instanceof StackOverflowError)) {
        throw state;
      }
      return notEncoded(handler, jobId, options, e);
    }
    JobOptions sent = withContext(options);
    refuseIfTooLarge(handler, jobId, payload, sent);
    takePlace();
    return handOver(new JobFuture<>(loop, jobId, handler, payload, sent, null));
  }

  /**
   * Submits an input that is encoded already.
   *
   * @param waitNanos how long to wait for a place in the queue
   * @return null if there was none
   * @throws JobRejectedException if the pool is closed or the input is larger than a frame
   */
  <O extends @Nullable Object> @Nullable JobFuture<O> submit(
      HandlerRef<?, O> handler,
      byte[] payload,
      JobOptions options,
      JobWatcher watcher,
      long waitNanos)
      throws InterruptedException {
    long jobId = lastJobId.incrementAndGet();
    JobOptions sent = withContext(options);
    refuseIfTooLarge(handler, jobId, payload, sent);
    return places.take(waitNanos)
        ? handOver(new JobFuture<>(loop, jobId, handler, payload, sent, watcher))
        : null;
  }

  /**
   * Makes a broadcast; to be started on the loop, with the place in the queue that this takes.
   *
   * @throws JobFailedException if the input can't be encoded
   */
  <I extends @Nullable Object, O extends @Nullable Object> Broadcast<O> broadcast(
      HandlerRef<I, O> handler, I input, JobOptions options) {
    places.refuseIfClosed();
    byte[] payload;
    try {
      payload = input == null ? null : handler.input().encode(input);
    } catch (Exception e) {
      throw inputFailure(handler, 0, e);
    }
    Map<String, String> context = logContext();
    refuseIfTooLarge(handler, 0, payload, options.withLogContext(context));
    takePlace();
    return new Broadcast<>(
        loop,
        workerId -> {
          long jobId = lastJobId.incrementAndGet();
          JobOptions sent = options.onWorker(workerId).withLogContext(context);
          return new JobFuture<>(loop, jobId, handler, payload, sent, null);
        });
  }

  private void takePlace() {
    try {
      places.take(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new JobRejectedException(
          "interrupted while waiting for a place in the queue of pool "
              + config.name()
              + ", which holds "
              + config.queueCapacity());
    }
  }

  /** The future of a job that was not submitted, and is cancelled. */
  <O extends @Nullable Object> JobFuture<O> cancelled(
      HandlerRef<?, O> handler, JobOptions options) {
    JobFuture<O> future =
        new JobFuture<>(loop, lastJobId.incrementAndGet(), handler, null, options, null);
    future.cancel(true);
    return future;
  }

  /** On the thread that submits, whose logging context goes along where that is asked for. */
  private JobOptions withContext(JobOptions options) {
    Map<String, String> context = logContext();
    return context.isEmpty() ? options : options.withLogContext(context);
  }

  private Map<String, String> logContext() {
    if (!config.carriesLogContext()) {
      return Map.of();
    }
    Map<String, String> context = MDC.getCopyOfContextMap();
    if (context == null) {
      return Map.of();
    }
    // Logback takes null for a value.
    Map<String, String> told = new HashMap<>(context);
    told.values().removeIf(Objects::isNull);
    return told;
  }

  private <O extends @Nullable Object> JobFuture<O> handOver(JobFuture<O> future) {
    loop.submit(future);
    return future;
  }

  private void refuseIfTooLarge(
      HandlerRef<?, ?> handler, long jobId, byte @Nullable [] payload, JobOptions options) {
    long headersBytes = options.headers().bytes();
    long payloadBytes = payload == null ? 0 : payload.length;
    if (payloadBytes + headersBytes > config.maxFrameBytes() - FRAME_OVERHEAD_BYTES) {
      throw new JobRejectedException(
          "the input of job "
              + jobId
              + " ("
              + handler
              + ") has "
              + payloadBytes
              + " bytes"
              + (headersBytes == 0 ? "" : ", and its headers " + headersBytes + " bytes")
              + ", more than a frame of "
              + config.maxFrameBytes()
              + " holds; raise maxFrameBytes or pass a file");
    }
  }

  private <O extends @Nullable Object> JobFuture<O> notEncoded(
      HandlerRef<?, O> handler, long jobId, JobOptions options, Throwable e) {
    JobFuture<O> failed = new JobFuture<>(loop, jobId, handler, null, options, null);
    failed.completeExceptionally(inputFailure(handler, jobId, e));
    return failed;
  }

  private static JobFailedException inputFailure(
      HandlerRef<?, ?> handler, long jobId, Throwable e) {
    return new JobFailedException(
        JobFailedException.Stage.INPUT,
        e.getClass().getName(),
        "the input of job " + jobId + " (" + handler + ") could not be encoded: " + e.getMessage(),
        "",
        e,
        JobReport.withoutRun(jobId, 0));
  }

  /** How many jobs the queue has room for. */
  int freePlaces() {
    return places.free();
  }

  void close() {
    places.close();
  }

  boolean isClosed() {
    return places.isClosed();
  }
}
