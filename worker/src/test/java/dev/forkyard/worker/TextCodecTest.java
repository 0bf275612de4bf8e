package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TextCodecTest {

  record Point(int x, int y) {}

  @com.fasterxml.jackson.annotation.JsonTypeInfo(
      use = com.fasterxml.jackson.annotation.JsonTypeInfo.Id.SIMPLE_NAME)
  interface Shape {}

  record Circle(int radius) implements Shape {}

  static final class Declared {
    List<Shape> shapes;
  }

  static Stream<Arguments> inputs() {
    return Stream.of(
        Arguments.of(String.class, " as it is \"\" ", " as it is \"\" "),
        Arguments.of(String.class, "", ""),
        Arguments.of(byte[].class, "ä", new byte[] {(byte) 0xC3, (byte) 0xA4}),
        Arguments.of(Long.class, " -9223372036854775808 ", Long.MIN_VALUE),
        Arguments.of(Integer.class, "+7", 7),
        Arguments.of(Short.class, "-32768", Short.MIN_VALUE),
        Arguments.of(Byte.class, "127\t", Byte.MAX_VALUE),
        Arguments.of(Double.class, "1e3", 1000.0),
        Arguments.of(Float.class, " 0.5", 0.5f),
        Arguments.of(Boolean.class, " true", true),
        Arguments.of(Boolean.class, "false", false),
        Arguments.of(Character.class, " ", ' '),
        Arguments.of(Character.class, "ß", 'ß'),
        Arguments.of(Void.class, " ", null),
        Arguments.of(Void.class, "null", null),
        Arguments.of(Point.class, " {\"x\": 1, \"y\": 2}\n", new Point(1, 2)),
        Arguments.of(Point.class, "null", null),
        Arguments.of(int[].class, "[1, 2]", new int[] {1, 2}));
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void textIsReadAsTheDeclaredType(Type type, String text, Object value) throws Exception {
    assertThat(read(type, text)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "java.lang.Long; twelve",
        "java.lang.Long; 9223372036854775808",
        "java.lang.Integer; 5 apples",
        "java.lang.Integer; 1.0",
        "java.lang.Short; 32768",
        "java.lang.Short; 5 apples",
        "java.lang.Byte; 128",
        "java.lang.Double; 1,5",
        "java.lang.Float; ''",
        "java.lang.Boolean; yes",
        "java.lang.Boolean; null",
        "java.lang.Character; ab",
        "java.lang.Character; ''",
        "java.lang.Void; something"
      })
  void textThatIsNoSuchValueIsOneClearError(Class<?> type, String text) {
    assertThatThrownBy(() -> read(type, text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("\"" + text + "\" is no " + type.getSimpleName());
  }

  @Test
  void aLongTextIsNotRepeatedInFull() {
    assertThatThrownBy(() -> read(Long.class, "x".repeat(100_000)))
        .hasMessage("\"" + "x".repeat(80) + "...\" is no Long");
  }

  @Test
  void jsonThatIsFollowedByMoreIsRefused() {
    assertThatThrownBy(() -> read(Point.class, "{\"x\": 1, \"y\": 2} {}"))
        .hasMessageContaining("Trailing token");
    assertThatThrownBy(() -> read(Point.class, "")).hasMessageContaining("No content");
  }

  static Stream<Arguments> results() {
    return Stream.of(
        Arguments.of("say \"so\"", "ssay \"so\""),
        Arguments.of(new byte[] {'x'}, "sx"),
        Arguments.of('c', "sc"),
        Arguments.of(null, "jnull"),
        Arguments.of(-5L, "j-5"),
        Arguments.of(7, "j7"),
        Arguments.of((short) 8, "j8"),
        Arguments.of((byte) 9, "j9"),
        Arguments.of(true, "jtrue"),
        Arguments.of(1e300, "j1.0E300"),
        Arguments.of(0.5f, "j0.5"),
        Arguments.of(Double.NaN, "sNaN"),
        Arguments.of(Float.NEGATIVE_INFINITY, "s-Infinity"),
        Arguments.of(new Point(1, 2), "j{\"x\":1,\"y\":2}"),
        Arguments.of(List.of("a", 1), "j[\"a\",1]"));
  }

  @ParameterizedTest
  @MethodSource("results")
  void resultsAreRenderedAsStringsOrJson(Object value, String rendered) throws Exception {
    TextCodec codec = new TextCodec(String.class, Object.class);
    assertThat(new String(codec.render(value), StandardCharsets.UTF_8)).isEqualTo(rendered);
  }

  @Test
  void theDeclaredTypeIsWhatIsRendered() throws Exception {
    Type declared = Declared.class.getDeclaredField("shapes").getGenericType();
    byte[] rendered = new TextCodec(String.class, declared).render(List.of(new Circle(3)));
    assertThat(new String(rendered, StandardCharsets.UTF_8))
        .isEqualTo("j[{\"@type\":\"Circle\",\"radius\":3}]");
  }

  private static Object read(Type type, String text) throws Exception {
    return new TextCodec(type, String.class).read(text.getBytes(StandardCharsets.UTF_8));
  }
}
