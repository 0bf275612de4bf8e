package dev.forkyard.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class LineSplitterTest {

  private static final int MAX_LINE = 64 << 10;

  @Test
  void linesAreTheSameHoweverTheirBytesAreCut() {
    String text = "ein\nzwölf\n\n日本語\r\n🦊🦊\r\r\nlast";
    for (int size = 1; size <= text.getBytes(UTF_8).length; size++) {
      assertThat(split(text, size)).containsExactly("ein", "zwölf", "", "日本語", "🦊🦊\r", "last");
    }
  }

  @Test
  void aLineThatIsTooLongComesInPartsAndItsEndAddsNone() {
    String longest = "x".repeat(MAX_LINE);
    assertThat(split(longest + "\nnext\n", 1000)).containsExactly(longest, "next");
    assertThat(split(longest + "\r\n\nnext\n", 1000)).containsExactly(longest, "", "next");
    assertThat(split(longest + "y\nnext", 1000)).containsExactly(longest, "y", "next");
    assertThat(split(longest + longest, 1000)).containsExactly(longest, longest);
  }

  @Test
  void aPartNeverEndsInHalfACharacter() {
    for (int before = 0; before < 4; before++) {
      String text = "x".repeat(before) + "🦊".repeat(MAX_LINE / 2);
      List<String> parts = split(text + "\n", 1000);
      assertThat(parts).hasSizeGreaterThan(1).noneMatch(part -> part.contains("\uFFFD"));
      assertThat(String.join("", parts)).isEqualTo(text);
    }
  }

  @RepeatedTest(20)
  void bytesThatAreNoTextLoseNoLine(RepetitionInfo repetition) {
    byte[] bytes = new byte[200_000];
    new Random(repetition.getCurrentRepetition()).nextBytes(bytes);
    long ends = 0;
    for (byte each : bytes) {
      ends += each == '\n' ? 1 : 0;
    }
    assertThat(split(bytes, 777)).hasSize((int) ends + (bytes[bytes.length - 1] == '\n' ? 0 : 1));
  }

  private static List<String> split(String text, int size) {
    return split(text.getBytes(UTF_8), size);
  }

  private static List<String> split(byte[] bytes, int size) {
    List<String> lines = new ArrayList<>();
    LineSplitter splitter = new LineSplitter(lines::add);
    for (int from = 0; from < bytes.length; from += size) {
      splitter.onNext(ByteBuffer.wrap(bytes, from, Math.min(size, bytes.length - from)));
    }
    splitter.onComplete();
    return lines;
  }
}
