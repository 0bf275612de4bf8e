package dev.forkyard.worker;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.NotSerializableException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;

/**
 * A lambda and what it captures, by Java serialization: the one place where that is used for
 * inputs.
 */
public final class CallableCodec implements Codec<SerializableCallable<Object>> {

  private static final ObjectInputFilter BOUNDS =
      ObjectInputFilter.Config.createFilter("maxdepth=1000;maxrefs=10000000;maxarray=134217728");

  private static final String REMEDY =
      "; make it Serializable, mark the field transient, or leave it out";

  private final LambdaForm lambdas = new LambdaForm();

  /** Made by the pool. */
  public CallableCodec() {}

  @Override
  public byte[] encode(SerializableCallable<Object> value) throws Exception {
    byte[] form = LambdaForm.encode(value);
    return form == null ? serialize(value) : form;
  }

  @Override
  public SerializableCallable<Object> decode(byte[] bytes) throws Exception {
    try {
      return read(bytes);
    } catch (ClassNotFoundException e) {
      throw new ClassNotFoundException(MissingClass.explain(String.valueOf(e.getMessage())), e);
    }
  }

  @SuppressWarnings("unchecked") // only callables are ever encoded
  private SerializableCallable<Object> read(byte[] bytes) throws Exception {
    if (bytes.length == 0 || bytes[0] != LambdaForm.TAG) {
      return (SerializableCallable<Object>) deserialize(bytes, 0, BOUNDS);
    }
    synchronized (lambdas) {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      return (SerializableCallable<Object>) lambdas.decode(bytes, loader, BOUNDS);
    }
  }

  static byte[] serialize(Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (NotSerializableException e) {
      throw explained(value instanceof AnyTask any ? any.task() : value, e);
    }
    return bytes.toByteArray();
  }

  private static NotSerializableException explained(Object value, NotSerializableException e) {
    String named = e.getMessage();
    if (value.getClass().getName().equals(named)) {
      return new NotSerializableException(
          named + " is not Serializable; make it so, or use a JobHandler with a Codec");
    }
    String path = PathToObject.find(value, String.valueOf(named));
    return new NotSerializableException(
        path == null
            ? named
                + " is not Serializable, but "
                + value.getClass().getName()
                + " holds or captures it"
                + REMEDY
            : path + " is not Serializable" + REMEDY);
  }

  static Object deserialize(byte[] bytes, int from, ObjectInputFilter filter) throws Exception {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    InputStream in = new ByteArrayInputStream(bytes, from, bytes.length - from);
    try (ObjectInputStream objects = new LoaderInputStream(in, loader)) {
      objects.setObjectInputFilter(filter);
      return objects.readObject();
    }
  }

  /** Finds classes where the handler's are found. */
  private static final class LoaderInputStream extends ObjectInputStream {

    private final ClassLoader loader;

    LoaderInputStream(InputStream in, ClassLoader loader) throws IOException {
      super(in);
      this.loader = loader;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass described)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(described.getName(), false, loader);
      } catch (ClassNotFoundException primitive) {
        return super.resolveClass(described);
      }
    }
  }
}
