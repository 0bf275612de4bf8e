package dev.forkyard.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import org.jspecify.annotations.Nullable;

/**
 * The types of a handler, resolved through its superclasses and interfaces, and the codecs for
 * them.
 *
 * @param <I> the handler's input
 * @param <O> the handler's result
 */
public final class HandlerCodecs<I extends @Nullable Object, O extends @Nullable Object> {

  private final Type inputType;
  private final Type outputType;
  private final Codec<I> input;
  private final Codec<O> output;

  private HandlerCodecs(Type inputType, Type outputType, Codec<I> input, Codec<O> output) {
    this.inputType = inputType;
    this.outputType = outputType;
    this.input = input;
    this.output = output;
  }

  /**
   * Finds the codecs of a handler.
   *
   * @throws IllegalArgumentException if a type parameter is unresolved or a type has no codec; it
   *     names the handler and says what to do
   */
  @SuppressWarnings("unchecked") // the codecs are found by the very types that the handler declares
  public static <I extends @Nullable Object, O extends @Nullable Object> HandlerCodecs<I, O> of(
      Class<? extends JobHandler<I, O>> handler) {
    UseCodec named = handler.getAnnotation(UseCodec.class);
    String owner = "handler " + handler.getName();
    Type input = resolve(handler, JobHandler.class, 0);
    Type output = resolve(handler, JobHandler.class, 1);
    boolean namedInput = named != null && named.input() != Codec.class;
    boolean namedOutput = named != null && named.output() != Codec.class;
    return new HandlerCodecs<>(
        input,
        output,
        (Codec<I>) (namedInput ? make(handler, named.input()) : Codecs.find(owner, "input", input)),
        (Codec<O>)
            (namedOutput ? make(handler, named.output()) : Codecs.find(owner, "result", output)));
  }

  /**
   * Finds the codec of the items that a handler emits.
   *
   * @throws IllegalArgumentException as {@link #of}
   */
  @SuppressWarnings("unchecked") // as above
  public static <T> Codec<T> items(Class<? extends StreamHandler<?, T>> handler) {
    return (Codec<T>) itemsOf(handler);
  }

  static Codec<?> itemsOf(Class<?> handler) {
    Type item = resolve(handler, StreamHandler.class, 1);
    UseCodec named = handler.getAnnotation(UseCodec.class);
    return named != null && named.output() != Codec.class
        ? make(handler, named.output())
        : Codecs.find("handler " + handler.getName(), "item", item);
  }

  private static Codec<?> make(Class<?> handler, Class<?> codec) {
    try {
      return (Codec<?>) codec.getDeclaredConstructor().newInstance();
    } catch (InvocationTargetException | ExceptionInInitializerError e) {
      throw unusable(handler, codec, "it threw " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException | LinkageError e) {
      throw unusable(handler, codec, "it needs a public no-argument constructor that works", e);
    }
  }

  private static IllegalArgumentException unusable(
      Class<?> handler, Class<?> codec, String why, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "handler "
            + handler.getName()
            + " names the codec "
            + codec.getName()
            + ", which can't be made: "
            + why,
        cause);
  }

  /** The handler's input. */
  public Codec<I> input() {
    return input;
  }

  /** The handler's result. */
  public Codec<O> output() {
    return output;
  }

  /** What people write and read instead. */
  TextCodec text() {
    return new TextCodec(inputType, outputType);
  }

  private static Type resolve(Class<?> handler, Class<?> of, int index) {
    Type found = search(handler, TypeBindings.NONE, of, index);
    if (found == null || TypeBindings.isOpen(found)) {
      TypeVariable<?> parameter = of.getTypeParameters()[index];
      throw new IllegalArgumentException(
          "handler "
              + handler.getName()
              + " leaves the type parameter "
              + parameter
              + " of "
              + of.getSimpleName()
              + " open; declare it, as in "
              + of.getSimpleName()
              + "<String, Long>");
    }
    return found;
  }

  /** Walks up to that interface, carrying what each type variable is bound to. */
  private static @Nullable Type search(
      @Nullable Type type, TypeBindings bindings, Class<?> of, int index) {
    if (type instanceof ParameterizedType parameterized) {
      Class<?> raw = (Class<?>) parameterized.getRawType();
      return raw == of
          ? bindings.apply(parameterized.getActualTypeArguments()[index])
          : searchAbove(raw, bindings.of(parameterized), of, index);
    }
    return type instanceof Class<?> raw ? searchAbove(raw, TypeBindings.NONE, of, index) : null;
  }

  private static @Nullable Type searchAbove(
      Class<?> raw, TypeBindings bindings, Class<?> of, int index) {
    for (Type above : raw.getGenericInterfaces()) {
      Type found = search(above, bindings, of, index);
      if (found != null) {
        return found;
      }
    }
    return search(raw.getGenericSuperclass(), bindings, of, index);
  }
}
