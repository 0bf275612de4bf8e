package dev.forkyard.worker;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Arrays;

/** Records, plain classes and collections, by the program's own Jackson. */
final class JacksonCodec implements Codec<Object> {

  private final ObjectMapper mapper;
  private final JavaType type;

  private JacksonCodec(ObjectMapper mapper, Type type) {
    // Else "1 2" would be read as 1.
    this.mapper = mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    this.type = mapper.constructType(type);
  }

  /**
   * For values that travel between a master and its workers.
   *
   * @throws IllegalArgumentException if no value of this type could be made of what arrives
   */
  static JacksonCodec cbor(Type type) {
    JacksonCodec codec = new JacksonCodec(new CBORMapper(), type);
    Class<?> raw = codec.type.getRawClass();
    if (AutoCloseable.class.isAssignableFrom(raw) || Thread.class.isAssignableFrom(raw)) {
      throw new IllegalArgumentException(
          "what is open or runs can't be sent; send what it is made of, such as a path, or name a"
              + " codec with @UseCodec");
    } else if (codec.type.isAbstract() && !raw.getName().startsWith("java.") && isOpen(raw)) {
      throw new IllegalArgumentException(
          "it is abstract, so that nothing tells which class to make; name one that is not,"
              + " annotate it with Jackson's @JsonTypeInfo, or name a codec with @UseCodec");
    }
    return codec;
  }

  /** Neither annotations nor a factory of its own tell how to make one. */
  private static boolean isOpen(Class<?> type) {
    return type.getAnnotations().length == 0
        && !type.isArray()
        && !type.isEnum()
        && Arrays.stream(type.getDeclaredMethods())
            .noneMatch(
                method ->
                    Modifier.isStatic(method.getModifiers())
                        && type.isAssignableFrom(method.getReturnType()));
  }

  /** For values that a person wrote, or will read. */
  static JacksonCodec json(Type type) {
    return new JacksonCodec(new JsonMapper(), type);
  }

  @Override
  public byte[] encode(Object value) throws Exception {
    return mapper.writerFor(type).writeValueAsBytes(value);
  }

  @Override
  public Object decode(byte[] bytes) throws Exception {
    return mapper.readValue(bytes, type);
  }
}
