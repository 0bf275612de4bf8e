package dev.forkyard.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import dev.forkyard.protocol.proto.ForkyardProto;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds the hand-written codec against the classes that protoc makes of {@code forkyard.proto}:
 * each must read what the other writes, and write the same bytes. A failure names its seed.
 */
class ConformanceTest {

  private static final int SEEDS = 10_000;
  private static final int MAX_FRAME_BYTES = 1 << 21;

  static Stream<Frame> edgeCases() {
    int ints = Integer.MAX_VALUE;
    String text = "naïve 日本語 🍴 \0 \u0080 \uFFFF";
    byte[] bytes = {0, -1, 127, -128};
    Frame.Encoding binary = Frame.Encoding.BINARY;
    Stream<Frame> frames =
        Stream.of(
            new Frame.Hello(0, new byte[0], 0, 0, "", 0, 0),
            new Frame.Hello(ints, bytes, -1, Long.MIN_VALUE, text, ints, Long.MIN_VALUE),
            new Frame.Hello(1, bytes, Long.MAX_VALUE, 1L << 62, text, 1, -1),
            new Frame.Welcome(0, 0, 0),
            new Frame.Welcome(ints, ints, Long.MIN_VALUE),
            new Frame.Run(0, 0, null, 0, 0, binary, null),
            new Frame.Run(0, 0, null, 0, 0, binary, new byte[0]),
            new Frame.Run(-1, ints, text, ints, -1, Frame.Encoding.TEXT, bytes),
            new Frame.Run(0, 0, null, 0, 0, binary, List.of("", text, "", ""), null),
            new Frame.Run(0, 0, null, 0, 0, binary, List.of("a", "b"), bytes),
            new Frame.Result(0, 0, null),
            new Frame.Result(0, 0, new byte[0]),
            new Frame.Result(-1, -1, bytes),
            new Frame.Failure(0, 0, Frame.FailureKind.THROWN, "", null, "", false),
            new Frame.Failure(0, 0, Frame.FailureKind.THROWN, "", "", "", false),
            new Frame.Failure(-1, -1, Frame.FailureKind.OUTPUT, text, text, text, true),
            new Frame.Cancel(0),
            new Frame.Cancel(-1),
            new Frame.Recall(new long[0]),
            new Frame.Recall(new long[] {0, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE}),
            new Frame.Returned(new long[] {0}),
            new Frame.Returned(LongStream.range(0, 5_000).toArray()),
            new Frame.Dump(0, ""),
            new Frame.Dump(-1, text),
            new Frame.Goodbye(text),
            new Frame.Message(0, "", new byte[0], 0),
            new Frame.Message(-1, text, bytes, -1),
            new Frame.Taken(0),
            new Frame.Taken(-1),
            new Frame.Open(-1),
            new Frame.Credit(0, 0, 0),
            new Frame.Credit(-1, ints, -1));
    return Stream.concat(frames, FrameCodecTest.frames());
  }

  @ParameterizedTest
  @MethodSource("edgeCases")
  void eachReadsWhatTheOtherWritesInTheSameBytes(Frame frame) throws Exception {
    assertConforms(frame, "an edge case");
  }

  @Test
  void eachReadsRandomFramesOfTheOtherInTheSameBytes() throws Exception {
    Set<Class<?>> kinds = new HashSet<>();
    Set<FieldDescriptor> fields = new HashSet<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      Frame frame = new RandomFrames(seed).next();
      assertConforms(frame, "seed " + seed);
      kinds.add(frame.getClass());
      collectFields(Counterpart.of(frame), fields);
    }
    assertThat(kinds).containsExactlyInAnyOrder(Frame.class.getPermittedSubclasses());
    assertThat(fields)
        .as("a field that stands in the specification alone is not held against anything")
        .containsAll(
            ForkyardProto.getDescriptor().getMessageTypes().stream()
                .flatMap(type -> type.getFields().stream())
                .toList());
  }

  private static void assertConforms(Frame frame, String which) throws IOException {
    ForkyardProto.Frame message = Counterpart.of(frame);
    byte[] written = FrameCodecTest.write(frame).array();

    assertThat(written).as(which).isEqualTo(delimited(message.toByteArray()));
    assertThat(ForkyardProto.Frame.parseDelimitedFrom(new ByteArrayInputStream(written)))
        .as(which)
        .isEqualTo(message);
    assertThat(same(read(message.toByteArray()), frame)).as(which).isTrue();
  }

  private static void collectFields(Message message, Set<FieldDescriptor> fields) {
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              fields.add(field);
              if (value instanceof Message nested) {
                collectFields(nested, fields);
              }
            });
  }

  /** Half a pair of surrogates is no text; it must not become bytes that the other side refuses. */
  @Test
  void textThatIsNoUnicodeIsWrittenAsUnicode() throws Exception {
    byte[] written = FrameCodecTest.write(new Frame.Goodbye("a\uD800b")).array();
    assertThat(
            ForkyardProto.Frame.parseDelimitedFrom(new ByteArrayInputStream(written))
                .getGoodbye()
                .getReason())
        .isEqualTo("a?b");
  }

  @Test
  void fieldsInAnyOrderAmongUnknownOnesAreReadAndTheUnknownSkipped() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      RandomFrames frames = new RandomFrames(seed);
      Frame frame = frames.next();
      byte[] scattered = scatteredKind(Counterpart.of(frame), frames, new Random(seed));

      assertThat(same(read(scattered), frame)).as("seed %d", seed).isTrue();
    }
  }

  private static byte[] scatteredKind(
      ForkyardProto.Frame message, RandomFrames frames, Random random) throws IOException {
    var kind = message.getAllFields().entrySet().iterator().next();
    return nested(kind.getKey().getNumber(), scattered((Message) kind.getValue(), frames, random));
  }

  /** A nested message is also cut in two, which protobuf merges. */
  private static byte[] scattered(Message message, RandomFrames frames, Random random)
      throws IOException {
    List<byte[]> pieces = new ArrayList<>();
    for (var field : message.getAllFields().entrySet()) {
      if (field.getValue() instanceof Message nested) {
        for (Message part : parts(nested, random)) {
          pieces.add(nested(field.getKey().getNumber(), scattered(part, frames, random)));
        }
      } else {
        pieces.add(only(message, field.getKey()).toByteArray());
      }
      pieces.add(frames.unknownFields().toByteArray());
    }
    pieces.add(frames.unknownFields().toByteArray());
    Collections.shuffle(pieces, random);
    return concat(pieces.toArray(byte[][]::new));
  }

  private static List<Message> parts(Message message, Random random) {
    Message.Builder first = message.toBuilder();
    Message.Builder second = message.toBuilder();
    for (FieldDescriptor field : message.getAllFields().keySet()) {
      (random.nextBoolean() ? first : second).clearField(field);
    }
    return List.of(first.build(), second.build());
  }

  private static Message only(Message message, FieldDescriptor field) {
    return message.newBuilderForType().setField(field, message.getField(field)).build();
  }

  @Test
  void ofAFieldThatOccursTwiceTheLastCountsAndListsAndMessagesAreMerged() throws Exception {
    int compared = 0;
    for (long seed = 0; seed < 4 * SEEDS; seed++) {
      RandomFrames frames = new RandomFrames(seed);
      ForkyardProto.Frame first = Counterpart.of(frames.next());
      ForkyardProto.Frame second = Counterpart.of(frames.next());
      if (first.getKindCase() == second.getKindCase()) {
        byte[] both =
            nested(first.getKindCase().getNumber(), concat(kindOf(first), kindOf(second)));

        assertThat(Counterpart.of(read(both)))
            .as("seed %d", seed)
            .isEqualTo(asRead(ForkyardProto.Frame.parseFrom(both)));
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(SEEDS / 4);
  }

  static byte[] kindOf(ForkyardProto.Frame message) {
    return ((Message) message.getAllFields().values().iterator().next()).toByteArray();
  }

  @Test
  void idsAreReadPackedAndUnpackedAndMixed() throws Exception {
    for (int kind : new int[] {FrameCodec.RECALL, FrameCodec.RETURNED}) {
      byte[] unpacked =
          bytes(
              out -> {
                out.writeUInt64(1, 7);
                out.writeUInt64(1, -1);
              });
      byte[] packed = ForkyardProto.Recall.newBuilder().addJobIds(300).build().toByteArray();
      byte[] nothing = bytes(out -> out.writeByteArray(1, new byte[0]));
      byte[] mixed = nested(kind, concat(unpacked, nothing, packed, unpacked));

      assertThat(Counterpart.of(read(mixed))).isEqualTo(ForkyardProto.Frame.parseFrom(mixed));
      assertThat(same(read(nested(FrameCodec.RECALL, unpacked)), new Frame.Recall(ids(7, -1))))
          .isTrue();
    }
  }

  /** Protobuf's own writers use the shortest form, but readers must take the others too. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 10})
  void numbersInMoreBytesThanTheyNeedAreRead(int length) throws Exception {
    int short32 = Math.min(length, 5);
    byte[] field = concat(padded(1 << 3, short32), padded(5, length));
    byte[] body =
        concat(
            padded(FrameCodec.CANCEL << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED, short32),
            padded(field.length, short32),
            field);
    byte[] prefix = padded(body.length, short32);

    assertThat(decoder().read(ByteBuffer.wrap(concat(prefix, body))))
        .isEqualTo(new Frame.Cancel(5));
    assertThat(ForkyardProto.Frame.parseFrom(body).getCancel().getJobId()).isEqualTo(5);
  }

  @Test
  void numbersOfMoreThanTenBytesAreRefused() {
    byte[] body = nested(FrameCodec.CANCEL, concat(padded(1 << 3, 1), padded(5, 11)));
    assertThatThrownBy(() -> read(body)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> ForkyardProto.Frame.parseFrom(body))
        .isInstanceOf(InvalidProtocolBufferException.class);
  }

  /** Cut to 32 bits, this tag would be that of Drain. */
  @Test
  void tagsOfMoreThan32BitsAreRefused() {
    long drain = FrameCodec.DRAIN << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    assertRefused(concat(padded(1L << 35 | drain, 6), padded(0, 1)), "more than 32 bits");
    assertRefused(
        nested(FrameCodec.DRAIN, concat(padded(1L << 35 | 1 << 3, 6), padded(0, 1))),
        "more than 32 bits");
  }

  /** The bytes are legal, and in proto3 such a text is the same as none. */
  @Test
  void aHandlerNameThatIsThereButEmptyIsNone() throws Exception {
    byte[] body = nested(FrameCodec.RUN, bytes(out -> out.writeString(3, "")));
    assertThat(((Frame.Run) read(body)).handlerName()).isNull();
  }

  @Test
  void groupsAreSkippedHoweverOftenButNotHoweverDeep() throws Exception {
    UnknownFieldSet groups = UnknownFieldSet.getDefaultInstance();
    for (int depth = 0; depth < 90; depth++) {
      groups = group(groups, UnknownFieldSet.getDefaultInstance());
    }
    byte[] skipped = nested(FrameCodec.DRAIN, groups.toByteArray());
    assertThat(ForkyardProto.Frame.parseFrom(skipped).hasDrain()).isTrue();
    assertThat(read(skipped)).isEqualTo(new Frame.Drain());

    byte[] deep = new byte[100_000];
    Arrays.fill(deep, (byte) (1 << 3 | WireFormat.WIRETYPE_START_GROUP));
    assertThatThrownBy(() -> read(nested(FrameCodec.DRAIN, deep)))
        .isInstanceOf(ProtocolException.class);
  }

  private static UnknownFieldSet group(UnknownFieldSet... groups) {
    UnknownFieldSet.Field.Builder field = UnknownFieldSet.Field.newBuilder();
    Stream.of(groups).forEach(field::addGroup);
    return UnknownFieldSet.newBuilder().addField(15, field.build()).build();
  }

  @Test
  void aFrameOfNoKindOrAnUnknownOneOrOfMoreThanOneIsRefused() {
    ForkyardProto.Frame drain = Counterpart.of(new Frame.Drain());
    assertRefused(ForkyardProto.Frame.getDefaultInstance(), "without a kind");
    assertRefused(
        bytes(out -> out.writeByteArray(FrameCodec.LAST_KIND + 1, new byte[0])), "unknown kind");
    assertRefused(bytes(out -> out.writeUInt64(FrameCodec.DRAIN, 0)), "unknown kind");
    for (int field : new int[] {FrameCodec.LAST_KIND + 1, RandomFrames.LARGEST_FIELD_NUMBER}) {
      UnknownFieldSet unknown =
          UnknownFieldSet.newBuilder()
              .addField(field, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
              .build();
      assertRefused(drain.toBuilder().setUnknownFields(unknown).build(), "unknown kind");
    }
    assertRefused(concat(drain.toByteArray(), drain.toByteArray()), "two kinds");
    assertRefused(
        concat(drain.toByteArray(), Counterpart.of(new Frame.Cancel(1)).toByteArray()),
        "two kinds");
  }

  @Test
  void valuesThatTheSpecificationForbidsAreRefused() {
    for (int value : new int[] {2, -1, Integer.MIN_VALUE}) {
      ForkyardProto.Frame.Builder run = ForkyardProto.Frame.newBuilder();
      run.getRunBuilder().setEncodingValue(value);
      assertRefused(run.build(), value == 2 ? "unknown encoding" : "out of range");
    }
    ForkyardProto.Frame.Builder failed = ForkyardProto.Frame.newBuilder();
    failed.getReplyBuilder().getFailureBuilder().setKindValue(4);
    assertRefused(failed.build(), "unknown kind of failure");

    byte[] soonKnown =
        bytes(
            out -> {
              out.writeEnum(6, 2);
              out.writeEnum(6, 1);
            });
    assertRefused(nested(FrameCodec.RUN, soonKnown), "unknown encoding");

    for (int value : new int[] {Integer.MIN_VALUE, -1}) {
      ForkyardProto.Frame.Builder welcome = ForkyardProto.Frame.newBuilder();
      welcome.getWelcomeBuilder().setVersion(value);
      assertRefused(welcome.build(), "out of range");
    }
  }

  private static void assertRefused(ForkyardProto.Frame message, String why) {
    assertRefused(message.toByteArray(), why);
  }

  private static void assertRefused(byte[] body, String why) {
    assertThatThrownBy(() -> read(body))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining(why);
  }

  private static Frame read(byte[] body) throws ProtocolException {
    ByteBuffer in = ByteBuffer.wrap(delimited(body));
    Frame frame = decoder().read(in);
    assertThat(in.hasRemaining()).isFalse();
    return Objects.requireNonNull(frame);
  }

  private static FrameDecoder decoder() {
    return new FrameDecoder(MAX_FRAME_BYTES);
  }

  /** What the decoder makes of a message: a result beside a failure does not count. */
  static ForkyardProto.Frame asRead(ForkyardProto.Frame message) {
    if (!message.getReply().hasFailure()) {
      return message;
    }
    ForkyardProto.Frame.Builder read = message.toBuilder();
    read.getReplyBuilder().clearResult();
    return read.build();
  }

  /** Records compare their arrays by identity, and null must not pass for empty. */
  private static boolean same(Frame one, Frame other) {
    return one.getClass() == other.getClass() && Arrays.deepEquals(values(one), values(other));
  }

  private static Object[] values(Frame frame) {
    return Stream.of(frame.getClass().getRecordComponents())
        .map(component -> value(component, frame))
        .toArray();
  }

  private static Object value(RecordComponent component, Frame frame) {
    try {
      return component.getAccessor().invoke(frame);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(component.getName(), e);
    }
  }

  private static long[] ids(long... ids) {
    return ids;
  }

  private static byte[] delimited(byte[] body) {
    return bytes(out -> out.writeByteArrayNoTag(body));
  }

  static byte[] nested(int field, byte[] body) {
    return bytes(out -> out.writeByteArray(field, body));
  }

  /** A varint of this many bytes, most of which may say nothing. */
  private static byte[] padded(long value, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      long part = 7 * i < Long.SIZE ? value >>> 7 * i & 0x7F : 0;
      bytes[i] = (byte) (i < length - 1 ? part | 0x80 : part);
    }
    return bytes;
  }

  private static byte[] concat(byte[]... pieces) {
    return ByteString.copyFrom(Stream.of(pieces).map(ByteString::copyFrom).toList()).toByteArray();
  }

  private static byte[] bytes(Fields fields) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      fields.write(out);
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }
}
