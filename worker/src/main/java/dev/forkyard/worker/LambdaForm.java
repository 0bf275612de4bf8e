package dev.forkyard.worker;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputFilter;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a lambda travels: what {@link SerializedLambda} says of its place in the source, which is the
 * same each time, and what it captured.
 *
 * <p>Java serialization would describe the class {@code SerializedLambda} itself, and look for its
 * methods, with each lambda anew. Here it is used for what was captured alone, and only where that
 * is more than basic values.
 *
 * <pre>
 *   byte    'L'
 *   int     how many bytes the place has, which are a kind and eight strings
 *   byte    how many values were captured, or -1
 *   values  for each an int, its length or -1 for null, and itself as of {@link ValueCodec};
 *           after the -1 one array of them by Java serialization
 * </pre>
 *
 * <p>One of these reads on one thread at a time, and remembers the places that it has seen.
 */
final class LambdaForm {

  static final byte TAG = 'L';

  private static final int SERIALIZED = -1;
  private static final int NULL = -1;
  private static final int STRINGS = 8;
  private static final ValueCodec VALUES = new ValueCodec();

  /** Of a lambda's class; without a way to write it if it is no lambda, or out of reach. */
  private static final ClassValue<Writer> WRITERS =
      new ClassValue<>() {
        @Override
        protected Writer computeValue(Class<?> type) {
          return new Writer(type);
        }
      };

  private final Map<ByteBuffer, Reader> readers = new HashMap<>();
  private @Nullable Reader last;

  /** What it is as bytes; null if it can't be written so. */
  static byte @Nullable [] encode(Object lambda) throws Exception {
    return WRITERS.get(lambda.getClass()).write(lambda);
  }

  /**
   * Makes the lambda of what {@link #encode} wrote.
   *
   * @param filter asked about what was captured and is no basic value
   */
  Object decode(byte[] bytes, ClassLoader loader, ObjectInputFilter filter) throws Exception {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
      ByteBuffer place = in.slice(in.position() + Integer.BYTES, in.getInt());
      in.position(in.position() + place.remaining());
      return reader(place, loader).read(captured(bytes, in, filter));
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new InvalidObjectException("these bytes are no lambda: " + e);
    }
  }

  private Reader reader(ByteBuffer place, ClassLoader loader) throws Exception {
    Reader found = last;
    if (found == null || found.loader != loader || !found.place.equals(place)) {
      found = readers.get(place);
    }
    if (found == null || found.loader != loader) {
      byte[] copy = new byte[place.remaining()];
      place.duplicate().get(copy);
      found = new Reader(ByteBuffer.wrap(copy), loader);
      readers.put(found.place, found);
    }
    last = found;
    return found;
  }

  private static @Nullable Object[] captured(byte[] bytes, ByteBuffer in, ObjectInputFilter filter)
      throws Exception {
    int count = in.get();
    if (count == SERIALIZED) {
      return (Object[]) CallableCodec.deserialize(bytes, in.position(), filter);
    }
    @Nullable Object[] values = new Object[count];
    for (int i = 0; i < count; i++) {
      int length = in.getInt();
      if (length != NULL) {
        values[i] = VALUES.decode(take(in, length));
      }
    }
    return values;
  }

  private static byte[] take(ByteBuffer in, int length) {
    Objects.checkFromIndexSize(0, length, in.remaining());
    byte[] taken = new byte[length];
    in.get(taken);
    return taken;
  }

  /** Writes the lambdas of one place. */
  private static final class Writer {

    private final @Nullable MethodHandle writeReplace;
    private volatile byte @Nullable [] place;

    Writer(Class<?> type) {
      this.writeReplace = type.isHidden() ? writeReplace(type) : null;
    }

    private static @Nullable MethodHandle writeReplace(Class<?> type) {
      try {
        Method method = type.getDeclaredMethod("writeReplace");
        method.setAccessible(true);
        MethodHandle handle = MethodHandles.lookup().unreflect(method);
        return handle.asType(MethodType.methodType(Object.class, Object.class));
      } catch (ReflectiveOperationException | RuntimeException outOfReach) {
        return null;
      }
    }

    byte @Nullable [] write(Object lambda) throws Exception {
      Object replacement = writeReplace == null ? null : call(writeReplace, lambda);
      if (!(replacement instanceof SerializedLambda form)) {
        return null;
      }
      byte[] where = place;
      if (where == null) {
        where = place(form);
        place = where;
      }
      byte[] captured;
      try {
        captured = captured(form);
      } catch (NotSerializableException whole) {
        // Tried with all of the lambda, it is told who captures it.
        return null;
      }
      return ByteBuffer.allocate(1 + Integer.BYTES + where.length + captured.length)
          .put(TAG)
          .putInt(where.length)
          .put(where)
          .put(captured)
          .array();
    }

    private static byte[] place(SerializedLambda form) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeByte(form.getImplMethodKind());
      for (String text :
          new String[] {
            form.getCapturingClass(),
            form.getFunctionalInterfaceClass(),
            form.getFunctionalInterfaceMethodName(),
            form.getFunctionalInterfaceMethodSignature(),
            form.getImplClass(),
            form.getImplMethodName(),
            form.getImplMethodSignature(),
            form.getInstantiatedMethodType()
          }) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
      }
      return bytes.toByteArray();
    }

    private static byte[] captured(SerializedLambda form) throws Exception {
      int count = form.getCapturedArgCount();
      @Nullable Object[] values = new Object[count];
      byte[][] encoded = new byte[count][];
      int size = 1;
      int arrays = 0;
      boolean basic = count <= Byte.MAX_VALUE;
      for (int i = 0; i < count; i++) {
        Object value = form.getCapturedArg(i);
        values[i] = value;
        basic &= value == null || ValueCodec.isBasic(value);
        // One array that was captured twice must not come back as two.
        basic &= !(value instanceof byte[]) || ++arrays == 1;
        if (basic && value != null) {
          encoded[i] = VALUES.encode(value);
          size += encoded[i].length;
        }
        size += Integer.BYTES;
      }
      if (!basic) {
        byte[] array = CallableCodec.serialize(values);
        return ByteBuffer.allocate(1 + array.length).put((byte) SERIALIZED).put(array).array();
      }
      ByteBuffer out = ByteBuffer.allocate(size).put((byte) count);
      for (byte[] value : encoded) {
        if (value == null) {
          out.putInt(NULL);
        } else {
          out.putInt(value.length).put(value);
        }
      }
      return out.array();
    }
  }

  /** Makes the lambdas of one place. */
  private static final class Reader {

    private final ByteBuffer place;
    private final ClassLoader loader;
    private final int implMethodKind;
    private final String[] texts = new String[STRINGS];
    private final Class<?> capturingClass;
    private final MethodHandle deserialize;

    Reader(ByteBuffer place, ClassLoader loader) throws Exception {
      this.place = place;
      this.loader = loader;
      ByteBuffer in = place.duplicate();
      implMethodKind = in.get();
      for (int i = 0; i < STRINGS; i++) {
        texts[i] = new String(take(in, in.getInt()), StandardCharsets.UTF_8);
      }
      capturingClass = Class.forName(texts[0].replace('/', '.'), false, loader);
      deserialize = deserialize(capturingClass);
    }

    /** What the compiler put there for this. */
    private static MethodHandle deserialize(Class<?> type) throws InvalidObjectException {
      try {
        Method method = type.getDeclaredMethod("$deserializeLambda$", SerializedLambda.class);
        method.setAccessible(true);
        MethodHandle handle = MethodHandles.lookup().unreflect(method);
        return handle.asType(MethodType.methodType(Object.class, Object.class));
      } catch (ReflectiveOperationException | RuntimeException e) {
        throw unknown(type, e);
      }
    }

    Object read(@Nullable Object[] captured) throws Exception {
      SerializedLambda form =
          new SerializedLambda(
              capturingClass,
              texts[1],
              texts[2],
              texts[3],
              implMethodKind,
              texts[4],
              texts[5],
              texts[6],
              texts[7],
              captured);
      try {
        return call(deserialize, form);
      } catch (IllegalArgumentException e) {
        throw unknown(capturingClass, e);
      }
    }

    private static InvalidObjectException unknown(Class<?> type, Exception why) {
      InvalidObjectException unknown =
          new InvalidObjectException(
              "a lambda of "
                  + type.getName()
                  + " is not in the worker's version of that class; the class paths differ");
      unknown.initCause(why);
      return unknown;
    }
  }

  private static Object call(MethodHandle method, Object argument) throws Exception {
    try {
      return method.invokeExact(argument);
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable other) {
      throw new IllegalStateException(other);
    }
  }
}
