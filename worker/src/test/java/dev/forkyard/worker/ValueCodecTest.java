package dev.forkyard.worker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InvalidClassException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ValueCodecTest {

  /** Counts what ran of the classes below; to look into them would initialize them. */
  static final AtomicInteger RAN = new AtomicInteger();

  record Point(int x, int y) implements Serializable {}

  enum Colour {
    RED
  }

  static final class Gadget implements Serializable {
    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      RAN.incrementAndGet();
      in.defaultReadObject();
    }
  }

  static final class Strider implements Serializable {
    private static final long serialVersionUID = 1;
  }

  /** As {@link Strider}, by whose bytes it is read; only its name is ever used here. */
  static final class Sleeper implements Serializable {
    private static final long serialVersionUID = 1;

    static {
      RAN.incrementAndGet();
    }
  }

  static final class Unserializable {}

  static final class Holder implements Serializable {
    final Unserializable held = new Unserializable();
  }

  static Stream<Object> basicValues() {
    return Stream.of(
        new byte[] {1, 2},
        new byte[0],
        "Grüße",
        "",
        Integer.MIN_VALUE,
        Long.MAX_VALUE,
        -0.0,
        true,
        false,
        1.5f,
        (short) 3,
        (byte) 4,
        'c',
        new BigInteger("12345678901234567890"),
        new BigDecimal("1.10"),
        Instant.EPOCH,
        Duration.ofNanos(1),
        new UUID(1, 2),
        new int[] {1, 2, 3},
        new String[][] {{"a"}, {}},
        new Object[] {1, "b", null},
        List.of(),
        List.of(1, 2, 3),
        Set.of("x"),
        Map.of("k", List.of(1L)),
        Arrays.asList(1, null),
        Collections.unmodifiableList(new ArrayList<>(List.of(1))),
        new TreeMap<>(Map.of("a", 1)),
        new java.util.AbstractMap.SimpleEntry<>("k", 1),
        new HashMap<>(0),
        IntStream.range(0, 10_000).boxed().collect(Collectors.toMap(i -> i, i -> "")),
        IntStream.range(0, 10_000).boxed().collect(Collectors.toSet()),
        IntStream.range(0, 256).mapToObj(i -> "" + (char) i).collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("basicValues")
  void basicValuesComeBackAsTheyWere(Object value) throws Exception {
    ValueCodec codec = new ValueCodec();
    assertThat(codec.decode(codec.encode(value))).isEqualTo(value);
  }

  @Test
  void aQueueKeepsItsOrder() throws Exception {
    ValueCodec codec = new ValueCodec();
    Object queue = codec.decode(codec.encode(new ArrayDeque<>(List.of(1, 2, 3))));
    assertThat(((ArrayDeque<?>) queue).toArray()).containsExactly(1, 2, 3);
  }

  @Test
  void aClassOffTheListIsRefusedBeforeAnObjectOfItIsRead() throws Exception {
    byte[] gadget = new ValueCodec().encode(new Gadget());
    int before = RAN.get();
    assertRefused(new ValueCodec(), gadget, Gadget.class.getName());
    assertThat(RAN).hasValue(before);
    ValueCodec.allowing(Gadget.class.getName()).decode(gadget);
    assertThat(RAN).hasValue(before + 1);
  }

  @Test
  void aClassOffTheListIsNotEvenInitialized() throws Exception {
    String strider = new String(new ValueCodec().encode(new Strider()), ISO_8859_1);
    byte[] sleeper = strider.replace("$Strider", "$Sleeper").getBytes(ISO_8859_1);
    int before = RAN.get();
    String name = getClass().getName() + "$Sleeper";
    assertRefused(new ValueCodec(), sleeper, name);
    assertThat(RAN).hasValue(before);
    ValueCodec.allowing(name).decode(sleeper);
    assertThat(RAN).hasValue(before + 1);
  }

  @Test
  void aClassOffTheListIsRefusedWithinAnAllowedOne() throws Exception {
    ValueCodec codec = new ValueCodec();
    String point = Point.class.getName();
    assertRefused(codec, codec.encode(new Point(1, 2)), point);
    assertRefused(codec, codec.encode(new ArrayList<>(List.of(new Point(1, 2)))), point);
    assertRefused(codec, codec.encode(Map.of("k", new Point[0][0])), point);
    assertRefused(codec, codec.encode(Colour.RED), Colour.class.getName());
    SerializableCallable<Integer> lambda = () -> 1;
    assertRefused(codec, codec.encode(lambda), "java.lang.invoke.SerializedLambda");
  }

  @Test
  void theDescriptionOfAnAllowedClassIsNoValueOfIt() throws Exception {
    byte[] array = new ValueCodec().encode(new long[0]);
    // Of an array: what follows the description is its length alone.
    byte[] described = Arrays.copyOf(array, array.length - Integer.BYTES);
    int kindOfObject = 1 + 2 * Short.BYTES;
    byte[] description = new byte[described.length - 1];
    System.arraycopy(described, 0, description, 0, kindOfObject);
    System.arraycopy(
        described, kindOfObject + 1, description, kindOfObject, description.length - kindOfObject);
    assertRefused(new ValueCodec(), description, ObjectStreamClass.class.getName());
    Path crafted = Path.of("src/test/corpus/values/description-of-a-class");
    assertRefused(new ValueCodec(), Files.readAllBytes(crafted), ObjectStreamClass.class.getName());
  }

  private static void assertRefused(ValueCodec codec, byte[] bytes, String className) {
    assertThatThrownBy(() -> codec.decode(bytes))
        .isInstanceOf(InvalidClassException.class)
        .hasMessage(className + " is not on the pool's allow list; add it with allowResults");
  }

  @Test
  void patternsAllowClassesAndPackages() throws Exception {
    for (String pattern :
        List.of(
            "dev.forkyard.worker.*",
            "dev.forkyard.**",
            Point.class.getName() + ";" + Colour.class.getName())) {
      ValueCodec codec = ValueCodec.allowing(pattern);
      List<Object> values = List.of(new Point(1, 2), Colour.RED);
      assertThat(codec.decode(codec.encode(values))).isEqualTo(values);
    }
  }

  @Test
  void anArrayThatClaimsMoreThanIsThereIsRefusedBeforeItIsMade() throws Exception {
    ValueCodec codec = new ValueCodec();
    for (Object empty : List.of(new int[0], new Object[0], new ArrayList<>())) {
      byte[] claiming = codec.encode(empty);
      // An array's length comes last; a list's is followed by an empty block of data.
      int length =
          empty instanceof ArrayList<?>
              ? new String(claiming, ISO_8859_1).indexOf("sizexp") + "sizexp".length()
              : claiming.length - Integer.BYTES;
      ByteBuffer.wrap(claiming).putInt(length, Integer.MAX_VALUE - 8);
      assertThatThrownBy(() -> codec.decode(claiming))
          .isInstanceOf(InvalidClassException.class)
          .hasMessageContaining("claims 2147483639 elements");
    }
  }

  @Test
  void aValueThatIsNestedTooDeepIsRefusedForThat() throws Exception {
    List<Object> value = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      value = new ArrayList<>(List.of(value));
    }
    byte[] bytes = new ValueCodec().encode(value);
    assertThatThrownBy(() -> new ValueCodec().decode(bytes))
        .isInstanceOf(InvalidClassException.class)
        .hasMessage("the value is nested more than 100 objects deep");
  }

  @Test
  void anUnknownKindOfValueIsRefused() {
    assertThatThrownBy(() -> new ValueCodec().decode(new byte[] {'?'}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an unknown type of value: ?");
  }

  @Test
  void aResultThatDoesNotSerializeIsNamed() {
    assertThatThrownBy(() -> new ValueCodec().encode(new Unserializable()))
        .isInstanceOf(NotSerializableException.class)
        .hasMessage(
            Unserializable.class.getName()
                + " is not Serializable; make it so, or use a JobHandler with a Codec");
    assertThatThrownBy(() -> new ValueCodec().encode(new Holder()))
        .isInstanceOf(NotSerializableException.class)
        .hasMessage(
            "ValueCodecTest$Holder.held (class "
                + Unserializable.class.getName()
                + ") is not Serializable; make it Serializable, mark the field transient, or leave"
                + " it out");
  }
}
