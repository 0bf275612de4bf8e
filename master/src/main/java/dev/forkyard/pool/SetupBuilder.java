package dev.forkyard.pool;

import dev.forkyard.worker.CallableCodec;
import dev.forkyard.worker.HandlerCodecs;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.SerializableCallable;
import dev.forkyard.worker.WorkerSetup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects what workers are given when they start. All is encoded where it is given, so that what
 * can't be is told there, and may be changed afterwards.
 */
final class SetupBuilder {

  private final Map<String, String> settings = new HashMap<>();
  private final Map<String, byte[]> factories = new HashMap<>();
  private final List<WorkerSetup.WarmUp> warmUps = new ArrayList<>();

  void setting(String name, String value) {
    settings.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
  }

  @SuppressWarnings("unchecked") // what it answers with is looked at in the worker
  void handler(Class<?> handler, SerializableCallable<?> factory) {
    Objects.requireNonNull(factory, "factory");
    try {
      byte[] encoded = new CallableCodec().encode((SerializableCallable<Object>) factory);
      factories.put(handler.getName(), encoded);
    } catch (Exception | StackOverflowError e) {
      throw new IllegalArgumentException(
          "the factory of handler " + handler.getName() + " can't be sent: " + e.getMessage(), e);
    }
  }

  void warmUp(Class<?> handler) {
    warmUps.add(new WorkerSetup.WarmUp(handler.getName(), false, null));
  }

  <I extends @Nullable Object, O extends @Nullable Object> void warmUp(
      Class<? extends JobHandler<I, O>> handler, I input) {
    byte[] encoded;
    try {
      HandlerCodecs<I, O> codecs = HandlerCodecs.of(handler);
      encoded = input == null ? null : codecs.input().encode(input);
    } catch (Exception | StackOverflowError e) {
      throw new IllegalArgumentException(
          "the input by which handler "
              + handler.getName()
              + " is to be warmed up could not be encoded: "
              + e.getMessage(),
          e);
    }
    warmUps.add(new WorkerSetup.WarmUp(handler.getName(), true, encoded));
  }

  /** All of it as it is sent. */
  byte[] encode(int maxBytes, int slots) {
    long bytes = 0;
    for (byte[] factory : factories.values()) {
      bytes += factory.length;
    }
    for (WorkerSetup.WarmUp each : warmUps) {
      bytes += each.input() == null ? 0 : each.input().length;
    }
    if (bytes > maxBytes) {
      throw new IllegalArgumentException(
          "what each worker is given when it starts, the handlers' factories with all that they"
              + " capture and the inputs of warm-ups, has "
              + bytes
              + " bytes, more than maxFrameBytes ("
              + maxBytes
              + "); raise that, or let the handlers read a file");
    }
    return new WorkerSetup(settings, factories, warmUps, slots).encode();
  }
}
