package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamSourceTest {

  private static final int MAX_BYTES = 1_000_000;

  @Test
  void aLineIsAnInputAlsoAnEmptyOneAndALastOneWithoutItsNewline() throws IOException {
    assertThat(texts(read("one\n\ntwo\nthree".getBytes(UTF_8), false)))
        .containsExactly("one", "", "two", "three");
    assertThat(texts(read("one\n".getBytes(UTF_8), false))).containsExactly("one");
    assertThat(read(new byte[0], false)).isEmpty();
  }

  @Test
  void aCarriageReturnBelongsToItsLine() throws IOException {
    assertThat(texts(read("one\r\ntwo".getBytes(UTF_8), false))).containsExactly("one\r", "two");
  }

  @Test
  void withNulAsSeparatorANewlineBelongsToItsRecord() throws IOException {
    assertThat(texts(read("a\nb\0c\0".getBytes(UTF_8), true))).containsExactly("a\nb", "c");
  }

  @Test
  void aLineThatIsNoUtf8IsShownAndRefused() throws IOException {
    List<Input> inputs = read("ok\nna\u00efve\n\u00ff".getBytes(ISO_8859_1), false);
    assertThat(texts(inputs)).containsExactly("ok", "na\uFFFDve", "\uFFFD");
    assertThat(inputs)
        .extracting(Input::problem)
        .containsExactly(null, "the input is not valid UTF-8", "the input is not valid UTF-8");
  }

  @Test
  void aReplacementCharacterThatWasReallyWrittenIsFine() throws IOException {
    assertThat(read("\uFFFD".getBytes(UTF_8), false)).containsExactly(Input.of("\uFFFD"));
  }

  @ParameterizedTest
  @ValueSource(ints = {65_535, 65_536, 65_537, 131_072, 999_999, 1_000_000})
  void linesMayBeLongerThanTheBuffer(int length) throws IOException {
    String line = "é" + "x".repeat(length - 2);
    assertThat(read((line + "\nnext\n" + line).getBytes(UTF_8), false))
        .containsExactly(Input.of(line), Input.of("next"), Input.of(line));
  }

  @Test
  void aLineBeyondTheLimitIsRefusedWithItsLengthAndTheNextOneIsRead() throws IOException {
    String line = "x".repeat(3 * MAX_BYTES);
    List<Input> inputs = read((line + "\nnext").getBytes(UTF_8), false);
    assertThat(inputs).hasSize(2);
    assertThat(inputs.get(0).text()).hasSizeLessThan(1_000);
    assertThat(inputs.get(0).problem()).contains("3000000 bytes").contains("1000000");
    assertThat(inputs.get(1)).isEqualTo(Input.of("next"));
  }

  @Test
  void aLineIsHandedOutBeforeMoreIsRead() throws IOException {
    InputStream refusing =
        new InputStream() {
          private boolean given;

          @Override
          public int read() {
            throw new UnsupportedOperationException();
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            assertThat(given).as("read again").isFalse();
            given = true;
            buffer[offset] = 'a';
            buffer[offset + 1] = '\n';
            return 2;
          }
        };
    assertThat(new StreamSource(refusing, false, MAX_BYTES).next()).isEqualTo(Input.of("a"));
  }

  private static List<Input> read(byte[] bytes, boolean nullSeparated) throws IOException {
    StreamSource source =
        new StreamSource(new ByteArrayInputStream(bytes), nullSeparated, MAX_BYTES);
    List<Input> inputs = new ArrayList<>();
    for (Input input = source.next(); input != null; input = source.next()) {
      inputs.add(input);
    }
    return inputs;
  }

  private static List<String> texts(List<Input> inputs) {
    return inputs.stream().map(Input::text).toList();
  }
}
