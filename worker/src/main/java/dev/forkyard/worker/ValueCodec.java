package dev.forkyard.worker;

import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.ObjectStreamClass;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a lambda answers with: a byte that names the type, and the value; by Java serialization
 * where the type has no form of its own. Such a value is only read if its class is allowed.
 */
public final class ValueCodec implements Codec<Object> {

  private static final int MAX_DEPTH = 100;
  private static final int MAX_REFERENCES = 10_000_000;

  /** A hash table that holds n values, each of some bytes, may have a larger array than n. */
  private static final int MAX_ELEMENTS_PER_BYTE = 2;

  private static final String BASIC =
      "java.lang.Boolean;java.lang.Byte;java.lang.Character;java.lang.Short;java.lang.Integer;"
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

  /** Whether it has a form of its own. */
  static boolean isBasic(Object value) {
    return value instanceof byte[]
        || value instanceof String
        || value instanceof Integer
        || value instanceof Long
        || value instanceof Double
        || value instanceof Boolean;
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
    Gate gate = new Gate(filter, (long) MAX_ELEMENTS_PER_BYTE * bytes.length);
    Object value;
    try {
      value = CallableCodec.deserialize(bytes, 1, gate);
    } catch (InvalidClassException e) {
      throw gate.refusal == null ? e : new InvalidClassException(gate.refusal);
    }
    if (value instanceof ObjectStreamClass) {
      // No object was read: the filter was asked about the class that is described, not about this.
      throw new InvalidClassException(notAllowed(ObjectStreamClass.class));
    }
    return value;
  }

  /**
   * Asks the filter about each class before anything of it is made, and says why one was refused.
   * An array can't claim more elements than the bytes there are could hold.
   */
  private static final class Gate implements ObjectInputFilter {

    private final ObjectInputFilter classes;
    private final long maxElements;
    private @Nullable String refusal;

    Gate(ObjectInputFilter classes, long maxElements) {
      this.classes = classes;
      this.maxElements = maxElements;
    }

    @Override
    public Status checkInput(FilterInfo info) {
      if (info.depth() > MAX_DEPTH) {
        refusal = "the value is nested more than " + MAX_DEPTH + " objects deep";
      } else if (info.references() > MAX_REFERENCES) {
        refusal = "the value has more than " + MAX_REFERENCES + " objects";
      } else if (info.arrayLength() > maxElements) {
        refusal = "an array claims " + info.arrayLength() + " elements, which are not there";
      } else if (classes.checkInput(info) == Status.REJECTED) {
        refusal = notAllowed(info.serialClass());
      }
      return refusal == null ? Status.UNDECIDED : Status.REJECTED;
    }
  }

  /** Patterns are about what an array holds. */
  private static String notAllowed(@Nullable Class<?> refused) {
    Class<?> type = refused;
    while (type != null && type.isArray()) {
      type = type.getComponentType();
    }
    return (type == null ? "the value" : type.getName())
        + " is not on the pool's allow list; add it with allowResults";
  }
}
