package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.Timestamp;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecsTest {

  record Point(int x, int y) {}

  enum Colour {
    RED,
    GREEN
  }

  /** A class as people wrote them before there were records. */
  static final class Person {

    public String name = "";
    public int age;

    @Override
    public boolean equals(Object other) {
      return other instanceof Person person && person.name.equals(name) && person.age == age;
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, age);
    }
  }

  /** Generic types, as a handler would declare them. */
  static final class Declared {
    List<Point> points;
    Map<String, List<Point>> byName;
    Optional<String> optional;
  }

  static Stream<Arguments> simpleValues() {
    return Stream.of(
        Arguments.of(byte[].class, new byte[] {0, -1, 127}),
        Arguments.of(byte[].class, new byte[0]),
        Arguments.of(String.class, ""),
        Arguments.of(String.class, "Grüße, 世界 \uD83D\uDE00\0"),
        Arguments.of(Long.class, Long.MIN_VALUE),
        Arguments.of(Integer.class, Integer.MIN_VALUE),
        Arguments.of(Short.class, Short.MIN_VALUE),
        Arguments.of(Byte.class, Byte.MIN_VALUE),
        Arguments.of(Character.class, '\uFFFF'),
        Arguments.of(Boolean.class, true),
        Arguments.of(Boolean.class, false),
        Arguments.of(Double.class, -0.0),
        Arguments.of(Double.class, Double.NaN),
        Arguments.of(Float.class, Float.MIN_VALUE));
  }

  static Stream<Arguments> valuesOfLibraries() {
    Person person = new Person();
    person.name = "Ada";
    person.age = 36;
    return Stream.of(
        Arguments.of(Point.class, new Point(1, -2)),
        Arguments.of(Person.class, person),
        Arguments.of(Colour.class, Colour.GREEN),
        Arguments.of(int[].class, new int[] {1, 2, 3}),
        Arguments.of(StringValue.class, StringValue.of("text")),
        Arguments.of(StringValue.class, StringValue.getDefaultInstance()),
        Arguments.of(Timestamp.class, Timestamp.newBuilder().setSeconds(7).setNanos(9).build()),
        Arguments.of(declared("points"), List.of(new Point(1, 2), new Point(3, 4))),
        Arguments.of(declared("byName"), Map.of("a", List.of(new Point(5, 6)))));
  }

  @ParameterizedTest
  @MethodSource({"simpleValues", "valuesOfLibraries"})
  void whatIsEncodedIsDecoded(Type type, Object value) throws Exception {
    Codec<Object> codec = find(type);
    assertThat(codec.decode(codec.encode(value))).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        Long.class,
        Integer.class,
        Short.class,
        Byte.class,
        Character.class,
        Boolean.class,
        Double.class,
        Float.class
      })
  void bytesOfAnotherLengthAreRefused(Class<?> type) {
    for (int length : new int[] {0, 3, 9}) {
      assertThatThrownBy(() -> find(type).decode(new byte[length]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected, but there are " + length);
    }
  }

  @Test
  void anythingForAVoidIsRefused() {
    assertThatThrownBy(() -> find(Void.class).decode(new byte[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Void is always null, but there are bytes: 2");
    assertThatThrownBy(() -> find(Void.class).encode("something"))
        .isInstanceOf(ClassCastException.class);
  }

  @Test
  void aValueOfAnotherTypeThanDeclaredIsRefused() {
    assertThatThrownBy(() -> find(Long.class).encode(1)).isInstanceOf(ClassCastException.class);
    assertThatThrownBy(() -> find(Point.class).encode("text")).hasMessageContaining("String");
  }

  @Test
  void bytesThatAreNoSuchValueAreRefused() {
    assertThatThrownBy(() -> find(Point.class).decode(new byte[0])).isInstanceOf(Exception.class);
    assertThatThrownBy(() -> find(Timestamp.class).decode(new byte[] {1, 2}))
        .isInstanceOf(com.google.protobuf.InvalidProtocolBufferException.class);
  }

  @Test
  void whatFollowsAValueIsRefused() throws Exception {
    byte[] one = find(Point.class).encode(new Point(1, 2));
    byte[] two = java.util.Arrays.copyOf(one, one.length + 1);
    assertThatThrownBy(() -> find(Point.class).decode(two)).hasMessageContaining("Trailing token");
  }

  @Test
  void streamsAndBuffersOfBytesTravelWhole() throws Exception {
    byte[] bytes = {0, -1, 127, -128};
    AtomicBoolean closed = new AtomicBoolean();
    InputStream stream =
        new ByteArrayInputStream(bytes) {
          @Override
          public void close() {
            closed.set(true);
          }
        };
    byte[] encoded = find(InputStream.class).encode(stream);
    assertThat(closed).isTrue();
    assertThat((InputStream) find(InputStream.class).decode(encoded)).hasBinaryContent(bytes);

    ByteBuffer buffer = ByteBuffer.wrap(bytes, 1, 2);
    byte[] part = find(ByteBuffer.class).encode(buffer);
    assertThat(part).containsExactly(-1, 127);
    assertThat(buffer.position()).isEqualTo(1);
    assertThat(find(ByteBuffer.class).decode(part)).isEqualTo(buffer);
  }

  /** Nothing tells which shape it is. */
  interface Shape {}

  @Test
  void aTypeOfWhichNoValueCanBeMadeIsRefusedWithWhatToDo() {
    assertThatThrownBy(() -> find(Shape.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("input type " + Shape.class.getTypeName() + ": it is abstract")
        .hasMessageContaining("@UseCodec");
  }

  @ParameterizedTest
  @ValueSource(classes = {FileInputStream.class, Stream.class, Thread.class})
  void whatIsOpenOrRunsIsRefusedWithWhatToDo(Class<?> type) {
    assertThatThrownBy(() -> find(type))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("can't be sent; send what it is made of");
  }

  @Test
  void aMessageTypeThatIsNotGeneratedIsRefusedWithItsHandlerAndRole() {
    assertThatThrownBy(() -> find(Message.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "handler "
                + Declared.class.getName()
                + " has the input type com.google.protobuf.Message: it is no generated protobuf"
                + " message, since it has no getDefaultInstance()");
  }

  static Type declared(String field) {
    try {
      return Declared.class.getDeclaredField(field).getGenericType();
    } catch (NoSuchFieldException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @SuppressWarnings("unchecked") // whatever is given is what the codec is for
  private static Codec<Object> find(Type type) {
    return (Codec<Object>) Codecs.find("handler " + Declared.class.getName(), "input", type);
  }
}
