package dev.forkyard.worker;

import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a lambda answers with: a byte that names the type, and the value; by Java serialization
 * where the type has no form of its own. Such a value is only read if its class is allowed.
 */
public final class ValueCodec implements Codec<Object> {

  private static final String BASIC =
      "maxdepth=100;maxrefs=10000000;"
          + "java.lang.Boolean;java.lang.Byte;java.lang.Character;java.lang.Short;java.lang.Integer;"
          + "java.lang.Long;java.lang.Float;java.lang.Double;java.lang.Number;java.lang.String;"
          + "java.lang.Enum;java.math.*;java.time.*;java.util.UUID;java.util.CollSer;"
          + "java.util.ArrayList;java.util.LinkedList;java.util.ArrayDeque;java.util.Arrays$ArrayList;"
          + "java.util.HashMap;java.util.LinkedHashMap;java.util.TreeMap;java.util.HashSet;"
          + "java.util.LinkedHashSet;java.util.TreeSet;java.util.AbstractMap$SimpleEntry;"
          + "java.util.AbstractMap$SimpleImmutableEntry;java.util.Map$Entry;java.lang.Object;"
          + "java.util.Collections$*;java.util.ImmutableCollections$*";

  private final ObjectInputFilter filter;

  /** Allows values of the JDK's basic types and collections alone. */
  public ValueCodec() {
    this(ObjectInputFilter.Config.createFilter(BASIC + ";!*"));
  }

  private ValueCodec(ObjectInputFilter filter) {
    this.filter = filter;
  }

  /** Allows what the pattern, as of {@link ObjectInputFilter.Config#createFilter}, names, too. */
  public static ValueCodec allowing(String pattern) {
    return new ValueCodec(ObjectInputFilter.Config.createFilter(pattern + ";" + BASIC + ";!*"));
  }

  @Override
  public byte[] encode(Object value) throws Exception {
    if (value instanceof byte[] bytes) {
      return tagged('b', bytes);
    } else if (value instanceof String text) {
      return tagged('s', text.getBytes(StandardCharsets.UTF_8));
    } else if (value instanceof Integer number) {
      return tagged('i', ByteBuffer.allocate(4).putInt(number).array());
    } else if (value instanceof Long number) {
      return tagged('l', ByteBuffer.allocate(8).putLong(number).array());
    } else if (value instanceof Double number) {
      return tagged('d', ByteBuffer.allocate(8).putDouble(number).array());
    } else if (value instanceof Boolean truth) {
      return new byte[] {(byte) (truth ? 't' : 'f')};
    }
    return tagged('o', CallableCodec.serialize(value));
  }

  private static byte[] tagged(char tag, byte[] value) {
    byte[] tagged = new byte[1 + value.length];
    tagged[0] = (byte) tag;
    System.arraycopy(value, 0, tagged, 1, value.length);
    return tagged;
  }

  @Override
  public Object decode(byte[] bytes) throws Exception {
    ByteBuffer value = ByteBuffer.wrap(bytes);
    char tag = (char) value.get();
    return switch (tag) {
      case 'b' -> Arrays.copyOfRange(bytes, 1, bytes.length);
      case 's' -> new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8);
      case 'i' -> value.getInt();
      case 'l' -> value.getLong();
      case 'd' -> value.getDouble();
      case 't' -> true;
      case 'f' -> false;
      case 'o' -> deserialize(bytes);
      default -> throw new IllegalArgumentException("an unknown type of value: " + tag);
    };
  }

  private Object deserialize(byte[] bytes) throws Exception {
    String[] refused = new String[1];
    ObjectInputFilter noting =
        info -> {
          ObjectInputFilter.Status status = filter.checkInput(info);
          if (status == ObjectInputFilter.Status.REJECTED && info.serialClass() != null) {
            refused[0] = info.serialClass().getName();
          }
          return status;
        };
    try {
      return CallableCodec.deserialize(bytes, 1, noting);
    } catch (InvalidClassException e) {
      if (refused[0] == null) {
        throw e;
      }
      throw new InvalidClassException(
          refused[0], "is not on the pool's allow list; add it with allowResults");
    }
  }
}
