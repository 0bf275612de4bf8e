package dev.forkyard.worker;

import java.util.Objects;

/** Encodes the items of one job. */
final class ItemEmitter<T> implements Emitter<T> {

  /** By the handler's class; to find one takes longer than to use it. */
  private static final ClassValue<Codec<?>> CODECS =
      new ClassValue<>() {
        @Override
        protected Codec<?> computeValue(Class<?> handler) {
          return HandlerCodecs.itemsOf(handler.asSubclass(StreamHandler.class));
        }
      };

  private final Codec<T> codec;
  private final ItemSink sink;

  @SuppressWarnings("unchecked") // the handler's own type says what it emits
  ItemEmitter(Class<?> handler, JobContext context) {
    if (!(context instanceof ItemSink known)) {
      throw new IllegalStateException(
          handler.getName() + " is tested by handle(input, out, context), with an Emitter");
    }
    codec = (Codec<T>) CODECS.get(handler);
    sink = known;
  }

  @Override
  public void emit(T item) throws InterruptedException {
    Objects.requireNonNull(item, "item");
    byte[] bytes;
    try {
      bytes = codec.encode(item);
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "an item of class " + item.getClass().getName() + " could not be encoded: " + e, e);
    }
    sink.emit(bytes);
  }
}
