package dev.forkyard.worker;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.lang.reflect.Type;

/** Records, plain classes and collections, by the program's own Jackson. */
final class JacksonCodec implements Codec<Object> {

  private final ObjectMapper mapper;
  private final JavaType type;

  private JacksonCodec(ObjectMapper mapper, Type type) {
    // Else "1 2" would be read as 1.
    this.mapper = mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    this.type = mapper.constructType(type);
  }

  /** For values that travel between a master and its workers. */
  static JacksonCodec cbor(Type type) {
    return new JacksonCodec(new CBORMapper(), type);
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
