package dev.forkyard.worker;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The built-in codecs, found by type. Those that need a library are in classes of their own. */
final class Codecs {

  static final String JACKSON =
      "com.fasterxml.jackson.dataformat:jackson-dataformat-cbor on the class path";

  private Codecs() {}

  /**
   * Finds the codec of a type.
   *
   * @param owner whose type it is, to be named in an error
   * @param role which of the owner's types
   */
  static Codec<?> find(String owner, String role, Type type) {
    Codec<?> simple = simple(type);
    if (simple != null) {
      return simple;
    }
    String declared = owner + " has the " + role + " type " + type.getTypeName();
    try {
      return type instanceof Class<?> raw && isProtobuf(raw)
          ? ProtobufCodec.of(raw)
          : JacksonCodec.cbor(type);
    } catch (NoClassDefFoundError e) {
      throw new IllegalArgumentException(
          declared + ", which needs " + JACKSON + "; add it, or name a codec with @UseCodec", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(declared + ": " + e.getMessage(), e);
    }
  }

  private static boolean isProtobuf(@Nullable Class<?> type) {
    return type != null
        && (type.getName().equals("com.google.protobuf.MessageLite")
            || isProtobuf(type.getSuperclass())
            || Arrays.stream(type.getInterfaces()).anyMatch(Codecs::isProtobuf));
  }

  private static @Nullable Codec<?> simple(Type type) {
    if (type == byte[].class) {
      return of((byte[] value) -> value, bytes -> bytes);
    } else if (type == String.class) {
      return of(
          (String value) -> value.getBytes(StandardCharsets.UTF_8),
          bytes -> new String(bytes, StandardCharsets.UTF_8));
    } else if (type == ByteBuffer.class) {
      return of(Codecs::remaining, ByteBuffer::wrap);
    } else if (type == InputStream.class) {
      return new StreamOfBytesCodec();
    } else if (type == Long.class) {
      return of(
          (Long value) -> buffer(8).putLong(value).array(), bytes -> wrap(bytes, 8).getLong());
    } else if (type == Integer.class) {
      return of(
          (Integer value) -> buffer(4).putInt(value).array(), bytes -> wrap(bytes, 4).getInt());
    } else if (type == Short.class) {
      return of(
          (Short value) -> buffer(2).putShort(value).array(), bytes -> wrap(bytes, 2).getShort());
    } else if (type == Byte.class) {
      return of((Byte value) -> new byte[] {value}, bytes -> wrap(bytes, 1).get());
    } else if (type == Character.class) {
      return of(
          (Character value) -> buffer(2).putChar(value).array(), bytes -> wrap(bytes, 2).getChar());
    } else if (type == Boolean.class) {
      return of(
          (Boolean value) -> new byte[] {(byte) (value ? 1 : 0)},
          bytes -> wrap(bytes, 1).get() != 0);
    } else if (type == Double.class) {
      return of(
          (Double value) -> buffer(8).putDouble(value).array(),
          bytes -> wrap(bytes, 8).getDouble());
    } else if (type == Float.class) {
      return of(
          (Float value) -> buffer(4).putFloat(value).array(), bytes -> wrap(bytes, 4).getFloat());
    } else if (type == Void.class) {
      return of((Void value) -> new byte[0], Codecs::refuse);
    }
    return null;
  }

  /** Its position stays. */
  private static byte[] remaining(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.duplicate().get(bytes);
    return bytes;
  }

  /** Reads it to its end and closes it; what arrives is in memory. */
  private static final class StreamOfBytesCodec implements Codec<InputStream> {
    @Override
    public byte[] encode(InputStream value) throws IOException {
      try (value) {
        return value.readAllBytes();
      }
    }

    @Override
    public InputStream decode(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }
  }

  private static Void refuse(byte[] bytes) {
    throw new IllegalArgumentException("Void is always null, but there are bytes: " + bytes.length);
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size);
  }

  private static ByteBuffer wrap(byte[] bytes, int size) {
    if (bytes.length != size) {
      throw new IllegalArgumentException(size + " bytes expected, but there are " + bytes.length);
    }
    return ByteBuffer.wrap(bytes);
  }

  private static <T> Codec<T> of(Function<T, byte[]> encode, Function<byte[], T> decode) {
    return new Codec<>() {
      @Override
      public byte[] encode(T value) {
        return encode.apply(value);
      }

      @Override
      public T decode(byte[] bytes) {
        return decode.apply(bytes);
      }
    };
  }
}
