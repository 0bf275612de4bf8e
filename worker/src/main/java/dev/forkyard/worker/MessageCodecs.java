package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * How messages between a parent and its child travel: each names its class, and is encoded by the
 * codec that handlers' inputs of that class have. Both ends use it; programs need not.
 */
public final class MessageCodecs {

  private static final ConcurrentMap<Class<?>, Codec<Object>> CODECS = new ConcurrentHashMap<>();

  private MessageCodecs() {}

  /**
   * Encodes a message.
   *
   * @param sequence as in {@link Frame.Message}
   * @throws IllegalArgumentException if its class has no codec, or the codec throws; it names the
   *     class
   */
  public static Frame.Message encode(Object message, long sequence) {
    Class<?> type = message.getClass();
    try {
      return new Frame.Message(0, typeName(type), of(type).encode(message), sequence);
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "a message of class " + type.getName() + " could not be encoded: " + e.getMessage(), e);
    }
  }

  /** Decodes a message of this class. */
  static <T> T decode(Class<T> type, byte[] payload) throws Exception {
    return type.cast(of(type).decode(payload));
  }

  static String typeName(Class<?> type) {
    return type.getName();
  }

  @SuppressWarnings("unchecked") // the codec is found by the very class of what it is given
  private static Codec<Object> of(Class<?> type) {
    return CODECS.computeIfAbsent(
        type,
        each ->
            each == SharedMemory.class
                ? (Codec<Object>) (Codec<?>) new SharedMemory.HandleCodec()
                : (Codec<Object>) Codecs.find("the channel", "message", each));
  }
}
