package dev.forkyard.worker;

import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads what a person wrote as a handler's input, and renders its result as text. */
final class TextCodec {

  private TextCodec() {}

  static Object read(Type type, byte[] utf8) throws Exception {
    String text = new String(utf8, StandardCharsets.UTF_8);
    if (type == String.class) {
      return text;
    } else if (type == byte[].class) {
      return utf8;
    }
    try {
      if (type == Long.class) {
        return Long.valueOf(text.strip());
      } else if (type == Integer.class) {
        return Integer.valueOf(text.strip());
      } else if (type == Double.class) {
        return Double.valueOf(text.strip());
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no " + ((Class<?>) type).getSimpleName(), e);
    }
    return JacksonCodec.json(type).decode(utf8);
  }

  /** A byte that says what it is, 's' for a string and 'j' for JSON, and the text. */
  static byte[] render(@Nullable Object value) throws Exception {
    if (value instanceof String text) {
      return tagged('s', text.getBytes(StandardCharsets.UTF_8));
    } else if (value instanceof byte[] bytes) {
      return tagged('s', bytes);
    } else if (value == null
        || value instanceof Long
        || value instanceof Integer
        || value instanceof Boolean) {
      return tagged('j', String.valueOf(value).getBytes(StandardCharsets.UTF_8));
    }
    return tagged('j', JacksonCodec.json(value.getClass()).encode(value));
  }

  private static byte[] tagged(char tag, byte[] value) {
    byte[] tagged = new byte[1 + value.length];
    tagged[0] = (byte) tag;
    System.arraycopy(value, 0, tagged, 1, value.length);
    return tagged;
  }
}
