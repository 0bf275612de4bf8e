package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.Encoding;
import java.lang.reflect.InvocationTargetException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of one slot of this worker, each made when it is first wanted, by its factory if the
 * pool gave one. Used by the slot's job thread alone.
 */
final class Handlers implements WorkerContext {

  /** A handler, ready, and how its values travel. */
  record Loaded(
      JobHandler<@Nullable Object, @Nullable Object> handler,
      HandlerCodecs<@Nullable Object, @Nullable Object> codecs,
      TextCodec text) {

    @Nullable Object decode(Encoding encoding, byte @Nullable [] payload) throws Exception {
      if (payload == null) {
        return null;
      }
      return encoding == Encoding.TEXT ? text.read(payload) : codecs.input().decode(payload);
    }

    byte @Nullable [] encode(Encoding encoding, @Nullable Object value) throws Exception {
      if (encoding == Encoding.TEXT) {
        return text.render(value);
      }
      return value == null ? null : codecs.output().encode(value);
    }
  }

  private final int slot;
  private final Map<String, String> settings;
  private final List<WorkerSetup.WarmUp> warmUps;

  /** Of handlers that were not made yet. */
  private final Map<String, byte[]> factories;

  private final Map<String, Loaded> loaded = new LinkedHashMap<>();

  /** The one that was wanted last, which most often is wanted again, by the same string. */
  private @Nullable Loaded last;

  private @Nullable String lastName;

  Handlers(WorkerSetup setup, int slot) {
    this.slot = slot;
    settings = setup.settings();
    warmUps = setup.warmUps();
    factories = new HashMap<>(setup.factories());
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }

  @Override
  public int slot() {
    return slot;
  }

  /** Whether any are to be made before the first job. */
  boolean wantWarmUp() {
    return !warmUps.isEmpty();
  }

  /** Makes those, and has them handle what they are to handle, through their codecs. */
  void warmUp() throws Throwable {
    for (WorkerSetup.WarmUp each : warmUps) {
      Loaded ready = get(each.className());
      if (each.run()) {
        Task task =
            new Task(new Frame.Run(0, 0, null, 1, 0, Encoding.BINARY, null), each.className());
        task.start(System.nanoTime(), null, this);
        Object output = ready.handler().handle(ready.decode(Encoding.BINARY, each.input()), task);
        ready.encode(Encoding.BINARY, output);
      }
    }
  }

  /** The handler; one that can't be made fails this job, and is tried anew by the next. */
  @SuppressWarnings({"ReferenceEquality", "StringEquality"}) // another string is looked up
  Loaded get(String className) throws Throwable {
    Loaded known = last;
    if (known != null && className == lastName) {
      return known;
    }
    known = loaded.get(className);
    if (known == null) {
      known = load(className);
      known.handler.start(this);
      loaded.put(className, known);
      factories.remove(className);
    }
    last = known;
    lastName = className;
    return known;
  }

  @SuppressWarnings("unchecked") // what it takes and gives is what its codecs were found by
  private Loaded load(String className) throws Throwable {
    Class<?> type;
    try {
      type = Class.forName(className, true, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(MissingClass.explain(className), e);
    }
    if (!JobHandler.class.isAssignableFrom(type)) {
      throw new IllegalArgumentException(className + " does not implement JobHandler");
    }
    HandlerCodecs<@Nullable Object, @Nullable Object> codecs =
        HandlerCodecs.of(
            (Class<? extends JobHandler<@Nullable Object, @Nullable Object>>)
                type.asSubclass(JobHandler.class));
    byte[] factory = factories.get(className);
    Object made = factory == null ? make(type) : make(type, factory);
    return new Loaded((JobHandler<@Nullable Object, @Nullable Object>) made, codecs, codecs.text());
  }

  /** By the factory that the pool was given. */
  private static Object make(Class<?> type, byte[] factory) throws Throwable {
    SerializableCallable<Object> callable;
    try {
      callable = new CallableCodec().decode(factory);
    } catch (Exception | LinkageError e) {
      throw new IllegalArgumentException(
          "the factory of handler "
              + type.getName()
              + ", which the pool's builder was given, can't be read in the worker: "
              + e,
          e);
    }
    Object made = callable.call();
    if (!type.isInstance(made)) {
      throw new IllegalArgumentException(
          "the factory of handler "
              + type.getName()
              + " answered with "
              + (made == null ? "null" : "a " + made.getClass().getName()));
    }
    return made;
  }

  private static Object make(Class<?> type) throws Throwable {
    try {
      return type.getConstructor().newInstance();
    } catch (NoSuchMethodException | IllegalAccessException | InstantiationException e) {
      throw new IllegalArgumentException(
          type.getName()
              + " must be a public class with a public no-argument constructor, or the pool's"
              + " builder must be told by handler(...) how to make it",
          e);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Runs the stop hooks; one that throws is printed and holds up no other. */
  void stop() {
    for (Loaded each : loaded.values()) {
      try {
        each.handler.stop();
      } catch (Throwable e) {
        e.printStackTrace();
      }
    }
  }
}
