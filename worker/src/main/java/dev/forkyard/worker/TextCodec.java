package dev.forkyard.worker;

import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a person wrote as a handler's input, and renders its result as text. Only JSON needs
 * Jackson.
 */
final class TextCodec {

  private static final int MAX_QUOTED_CHARS = 80;
  private static final Map<Type, Function<String, Object>> SIMPLE =
      Map.of(
          Long.class, Long::valueOf,
          Integer.class, Integer::valueOf,
          Short.class, Short::valueOf,
          Byte.class, Byte::valueOf,
          Double.class, Double::valueOf,
          Float.class, Float::valueOf,
          Boolean.class, TextCodec::truth);

  private final Type inputType;
  private final Type outputType;
  private @Nullable Codec<Object> jsonInput;
  private @Nullable Codec<Object> jsonOutput;

  TextCodec(Type inputType, Type outputType) {
    this.inputType = inputType;
    this.outputType = outputType;
  }

  @Nullable Object read(byte[] utf8) throws Exception {
    if (inputType == byte[].class) {
      return utf8;
    }
    String text = new String(utf8, StandardCharsets.UTF_8);
    Function<String, Object> simple = SIMPLE.get(inputType);
    if (inputType == String.class) {
      return text;
    } else if (simple != null) {
      return read(text, simple);
    } else if (inputType == Character.class) {
      return character(text);
    } else if (inputType == Void.class) {
      return nothing(text);
    }
    if (jsonInput == null) {
      jsonInput = json(inputType);
    }
    return jsonInput.decode(utf8);
  }

  private Object read(String text, Function<String, Object> simple) {
    try {
      return simple.apply(text.strip());
    } catch (IllegalArgumentException e) {
      throw refused(text, e);
    }
  }

  private static Object truth(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither true nor false");
    };
  }

  /** A blank is a character too, so nothing is stripped. */
  private Object character(String text) {
    if (text.length() != 1) {
      throw refused(text, null);
    }
    return text.charAt(0);
  }

  private @Nullable Object nothing(String text) {
    if (!text.isBlank() && !text.strip().equals("null")) {
      throw refused(text, null);
    }
    return null;
  }

  private IllegalArgumentException refused(String text, @Nullable Exception cause) {
    String quoted =
        text.length() <= MAX_QUOTED_CHARS ? text : text.substring(0, MAX_QUOTED_CHARS) + "...";
    return new IllegalArgumentException(
        "\"" + quoted + "\" is no " + ((Class<?>) inputType).getSimpleName(), cause);
  }

  /** A byte that says what it is, 's' for a string and 'j' for JSON, and the text. */
  byte[] render(@Nullable Object value) throws Exception {
    if (value instanceof byte[] bytes) {
      return tagged('s', bytes);
    } else if (value instanceof String || value instanceof Character || isNoJsonNumber(value)) {
      return tagged('s', utf8(value));
    } else if (value == null || SIMPLE.containsKey(value.getClass())) {
      return tagged('j', utf8(value));
    }
    if (jsonOutput == null) {
      jsonOutput = json(outputType);
    }
    return tagged('j', jsonOutput.encode(value));
  }

  /** JSON has no infinity and no NaN: they are strings there. */
  private static boolean isNoJsonNumber(@Nullable Object value) {
    return (value instanceof Double || value instanceof Float)
        && !Double.isFinite(((Number) value).doubleValue());
  }

  private static byte[] utf8(@Nullable Object value) {
    return String.valueOf(value).getBytes(StandardCharsets.UTF_8);
  }

  private static Codec<Object> json(Type type) {
    try {
      return JacksonCodec.json(type);
    } catch (NoClassDefFoundError e) {
      throw new IllegalArgumentException(
          type.getTypeName() + " as text is JSON, which needs " + Codecs.JACKSON + "; add it", e);
    }
  }

  private static byte[] tagged(char tag, byte[] value) {
    byte[] tagged = new byte[1 + value.length];
    tagged[0] = (byte) tag;
    System.arraycopy(value, 0, tagged, 1, value.length);
    return tagged;
  }
}
