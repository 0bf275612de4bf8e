package dev.forkyard.worker;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;

/** Messages of the program's own protobuf. */
final class ProtobufCodec implements Codec<MessageLite> {

  private final Parser<? extends MessageLite> parser;

  private ProtobufCodec(Parser<? extends MessageLite> parser) {
    this.parser = parser;
  }

  static Codec<?> of(Class<?> type) {
    try {
      MessageLite none = (MessageLite) type.getMethod("getDefaultInstance").invoke(null);
      return new ProtobufCodec(none.getParserForType());
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "it is no generated protobuf message, since it has no getDefaultInstance()", e);
    }
  }

  @Override
  public byte[] encode(MessageLite value) {
    return value.toByteArray();
  }

  @Override
  public MessageLite decode(byte[] bytes) throws Exception {
    return parser.parseFrom(bytes);
  }
}
