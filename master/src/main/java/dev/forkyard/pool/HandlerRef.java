package dev.forkyard.pool;

import dev.forkyard.protocol.Frame.Encoding;
import dev.forkyard.worker.Codec;
import dev.forkyard.worker.HandlerCodecs;
import dev.forkyard.worker.JobHandler;
import org.jspecify.annotations.Nullable;

/**
 * Names a handler and how its values travel, so that a pool can run handlers whose class this
 * program does not have.
 *
 * @param <I> what is submitted
 * @param <O> what the future completes with
 */
public final class HandlerRef<I extends @Nullable Object, O extends @Nullable Object> {

  private final String className;
  private final Encoding encoding;
  private final Codec<I> input;
  private final Codec<O> output;

  HandlerRef(String className, Encoding encoding, Codec<I> input, Codec<O> output) {
    this.className = className;
    this.encoding = encoding;
    this.input = input;
    this.output = output;
  }

  /**
   * A handler that this program has.
   *
   * @throws IllegalArgumentException if a type parameter is unresolved or a type has no codec; it
   *     names them
   */
  public static <I extends @Nullable Object, O extends @Nullable Object> HandlerRef<I, O> of(
      Class<? extends JobHandler<I, O>> handler) {
    HandlerCodecs<I, O> codecs = HandlerCodecs.of(handler);
    return new HandlerRef<>(handler.getName(), Encoding.BINARY, codecs.input(), codecs.output());
  }

  /**
   * A handler that only the workers have, given text and answering with text: the worker reads the
   * text as the handler's input type (a string, a number, or JSON) and renders the result. The
   * class is first looked for when a job arrives in a worker; if it can't be used, that job fails
   * in stage {@code HANDLER}.
   */
  public static HandlerRef<String, TextResult> text(String className) {
    return new HandlerRef<>(className, Encoding.TEXT, TextResult.TEXT, TextResult.CODEC);
  }

  String className() {
    return className;
  }

  Encoding encoding() {
    return encoding;
  }

  Codec<I> input() {
    return input;
  }

  Codec<O> output() {
    return output;
  }

  @Override
  public String toString() {
    return className;
  }
}
