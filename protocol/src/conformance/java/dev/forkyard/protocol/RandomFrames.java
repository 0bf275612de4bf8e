package dev.forkyard.protocol;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Frames of all kinds, made of one seed: their numbers are of every length, their texts of every
 * script, and each value is also its default once in a while.
 */
final class RandomFrames {

  static final int LARGEST_FIELD_NUMBER = (1 << 29) - 1;
  private static final int KINDS = 16;

  private final Random random;

  RandomFrames(long seed) {
    // Else the first numbers of seeds in a row are much alike.
    random = new Random(seed * 0x9E3779B97F4A7C15L);
  }

  Frame next() {
    return next(random.nextInt(KINDS));
  }

  private Frame next(int kind) {
    return switch (kind) {
      case 0 -> new Frame.Hello(int31(), bytes(), int64(), int64(), text(), int31(), int64());
      case 1 -> new Frame.Welcome(int31(), int31(), int64());
      case 2 ->
          new Frame.Run(
              int64(),
              int31(),
              name(),
              int31(),
              int64(),
              one(Frame.Encoding.values()),
              Stream.generate(this::text).limit(random.nextInt(3)).toList(),
              payload());
      case 3 -> new Frame.Result(int64(), int64(), payload());
      case 4 ->
          new Frame.Failure(
              int64(),
              int64(),
              one(Frame.FailureKind.values()),
              text(),
              random.nextBoolean() ? text() : null,
              text(),
              random.nextBoolean());
      case 5 -> new Frame.Cancel(int64());
      case 6 -> new Frame.Recall(ids());
      case 7 -> new Frame.Returned(ids());
      case 8 -> new Frame.Dump(int64(), text());
      case 9 -> new Frame.Drain();
      case 10 -> new Frame.Goodbye(text());
      case 11 -> new Frame.Taken(int64());
      case 12 -> new Frame.Stop(int64());
      case 13 -> new Frame.Open(int64());
      case 14 -> new Frame.Credit(int64(), int31(), int64());
      default -> new Frame.Message(int64(), text(), bytes(), int64());
    };
  }

  /**
   * Fields that no message of the specification has: of every wire type, groups in groups among
   * them, and of numbers that are known but with a wire type that these never have.
   */
  UnknownFieldSet unknownFields() {
    return unknownFields(3);
  }

  private UnknownFieldSet unknownFields(int depth) {
    UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder();
    for (int count = random.nextInt(4); count > 0; count--) {
      UnknownFieldSet.Field.Builder field = UnknownFieldSet.Field.newBuilder();
      boolean known = random.nextInt(4) == 0;
      switch (known ? 2 + random.nextInt(3) : random.nextInt(5)) {
        case 0 -> field.addVarint(int64());
        case 1 -> field.addLengthDelimited(ByteString.copyFrom(bytes()));
        case 2 -> field.addFixed32(random.nextInt());
        case 3 -> field.addFixed64(random.nextLong());
        default ->
            field.addGroup(
                depth == 0 ? UnknownFieldSet.getDefaultInstance() : unknownFields(depth - 1));
      }
      fields.mergeField(known ? 1 + random.nextInt(7) : unknownNumber(), field.build());
    }
    return fields.build();
  }

  private int unknownNumber() {
    return random.nextBoolean()
        ? FrameCodec.LAST_KIND + 1 + random.nextInt(20)
        : FrameCodec.LAST_KIND + 1 + random.nextInt(LARGEST_FIELD_NUMBER - FrameCodec.LAST_KIND);
  }

  /** Of 0 to 64 bits. */
  private long int64() {
    int bits = random.nextInt(Long.SIZE + 1);
    return bits == 0 ? 0 : random.nextLong() >>> (Long.SIZE - bits);
  }

  /** Of 0 to 31 bits. */
  private int int31() {
    return random.nextInt() >>> (1 + random.nextInt(Integer.SIZE - 1));
  }

  private long[] ids() {
    return random.longs(length()).map(ignored -> int64()).toArray();
  }

  private byte @Nullable [] payload() {
    return random.nextInt(4) == 0 ? null : bytes();
  }

  private byte[] bytes() {
    byte[] bytes = new byte[length()];
    random.nextBytes(bytes);
    return bytes;
  }

  /** An empty name and none are the same on the wire. */
  private @Nullable String name() {
    String name = text();
    return name.isEmpty() ? null : name;
  }

  private String text() {
    int bits = 7 * (1 + random.nextInt(3));
    return random
        .ints(length(), 0, Math.min(1 << bits, Character.MAX_CODE_POINT + 1))
        .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** Mostly small; around 128 now and then, since there a length takes its second byte. */
  private int length() {
    return switch (random.nextInt(16)) {
      case 0, 1, 2 -> 0;
      case 3 -> 120 + random.nextInt(16);
      case 4 -> random.nextInt(2_000);
      default -> random.nextInt(20);
    };
  }

  private <E> E one(E[] values) {
    return values[random.nextInt(values.length)];
  }
}
