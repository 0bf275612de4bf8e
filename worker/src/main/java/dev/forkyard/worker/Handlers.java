package dev.forkyard.worker;

import dev.forkyard.protocol.Frame.Encoding;
import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The handlers of this worker, each made when it is first wanted. Used by the job thread alone. */
final class Handlers {

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

  private final Map<String, Loaded> loaded = new LinkedHashMap<>();

  /** The one that was wanted last, which most often is wanted again, by the same string. */
  private @Nullable Loaded last;

  private @Nullable String lastName;

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
      known.handler.start();
      loaded.put(className, known);
    }
    last = known;
    lastName = className;
    return known;
  }

  @SuppressWarnings("unchecked") // what it takes and gives is what its codecs were found by
  private static Loaded load(String className) throws Throwable {
    Class<?> type;
    try {
      type = Class.forName(className, true, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(
          "no class " + className + " on the worker's class path", e);
    }
    if (!JobHandler.class.isAssignableFrom(type)) {
      throw new IllegalArgumentException(className + " does not implement JobHandler");
    }
    HandlerCodecs<@Nullable Object, @Nullable Object> codecs =
        HandlerCodecs.of(
            (Class<? extends JobHandler<@Nullable Object, @Nullable Object>>)
                type.asSubclass(JobHandler.class));
    try {
      return new Loaded(
          (JobHandler<@Nullable Object, @Nullable Object>) type.getConstructor().newInstance(),
          codecs,
          codecs.text());
    } catch (NoSuchMethodException | IllegalAccessException | InstantiationException e) {
      throw new IllegalArgumentException(
          className + " must be a public class with a public no-argument constructor", e);
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
