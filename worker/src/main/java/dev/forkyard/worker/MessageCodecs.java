package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * How messages between a parent and its child, or a job and who submitted it, travel: each names
 * its class, and is encoded by the codec that handlers' inputs of that class have. Both ends use
 * it; programs need not.
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
    return encode(0, message, sequence);
  }

  /**
   * Encodes a message for a job.
   *
   * @throws IllegalArgumentException as {@link #encode(Object, long)}
   */
  public static Frame.Message encode(long jobId, Object message, long sequence) {
    Class<?> type = message instanceof Enum<?> each ? each.getDeclaringClass() : message.getClass();
    try {
      return new Frame.Message(jobId, checkedName(type), of(type).encode(message), sequence);
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "a message of class " + type.getName() + " could not be encoded: " + e.getMessage(), e);
    }
  }

  /**
   * Decodes a message of this class.
   *
   * @throws IllegalArgumentException if its codec throws; it names the class
   */
  public static <T> T decode(Class<T> type, byte[] payload) {
    try {
      return type.cast(of(type).decode(payload));
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "a message of class " + type.getName() + " could not be decoded: " + e.getMessage(), e);
    }
  }

  /**
   * The name by which the other side finds the listener.
   *
   * @throws IllegalArgumentException if no message can be of this very class, or its class does not
   *     tell what is in it
   */
  public static String checkedName(Class<?> type) {
    if (type.isPrimitive() || type.isInterface() || isAbstract(type)) {
      throw new IllegalArgumentException(
          "no message is of the very class "
              + type.getName()
              + "; name the class that is sent, such as Integer for int or the record itself");
    } else if (Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type)) {
      throw new IllegalArgumentException(
          type.getName() + " does not tell what its elements are; send a record that holds it");
    }
    return type.getName();
  }

  private static boolean isAbstract(Class<?> type) {
    return Modifier.isAbstract(type.getModifiers()) && !type.isEnum() && !type.isArray();
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
