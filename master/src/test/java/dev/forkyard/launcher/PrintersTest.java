package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import dev.forkyard.pool.PoolErrors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class PrintersTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @Test
  void textIsALineWithItsNewlinesEscapedAndNothingElse() throws IOException {
    print(new TextPrinter(out, false), Ends.ok(1, "i", "ä\nb\\c\r"), Ends.json(2, "i", "[1]"));
    assertThat(written()).isEqualTo("ä\\nb\\c\r\n[1]\n");
  }

  @Test
  void rawTextEndsWithNul() throws IOException {
    print(new TextPrinter(out, true), Ends.ok(1, "i", "a\nb"), Ends.ok(2, "i", ""));
    assertThat(written()).isEqualTo("a\nb\0\0");
  }

  @Test
  void aFailedJobWritesNoText() throws IOException {
    print(new TextPrinter(out, false), Ends.failed(1, "i", PoolErrors.rejected("no")));
    assertThat(written()).isEmpty();
  }

  @Test
  void jsonIsAnObjectALineWithItsKeysInOrder() throws IOException {
    print(new JsonPrinter(out), Ends.ok(1, "a\"\n", "x\ny"), Ends.json(2, "b", "{\"k\":[1]}"));
    assertThat(written())
        .isEqualTo(
            """
            {"job":1,"input":"a\\"\\n","ok":true,"result":"x\\ny","worker":4711,"attempt":2,"ms":12.345}
            {"job":2,"input":"b","ok":true,"result":{"k":[1]},"worker":4711,"attempt":2,"ms":12.345}
            """);
  }

  @Test
  void jsonOfAFailedJobSaysWhyAndAJobThatNeverRanHasNoWorker() throws IOException {
    JobEnd unread =
        new JobEnd(4, Input.of("d"), null, new UnusableInputException("not valid"), null);
    print(
        new JsonPrinter(out),
        Ends.failed(3, "c", PoolErrors.lost(137, "SIGKILL", false, null)),
        unread);
    assertThat(written())
        .isEqualTo(
            """
            {"job":3,"input":"c","ok":false,"error":"worker 4711 was killed by SIGKILL","kind":"lost","worker":4711,"attempt":2,"ms":12.345}
            {"job":4,"input":"d","ok":false,"error":"not valid","kind":"rejected","worker":null,"attempt":0,"ms":0}
            """);
  }

  @Test
  void aNullResultIsNull() throws IOException {
    JobEnd end = new JobEnd(1, Input.of("a"), null, null, Ends.REPORT);
    print(new TextPrinter(out, false), end);
    print(new JsonPrinter(out), end);
    assertThat(written()).startsWith("null\n{").contains("\"ok\":true,\"result\":null,");
  }

  private static void print(ResultPrinter printer, JobEnd... ends) throws IOException {
    for (JobEnd end : ends) {
      printer.print(end);
    }
    printer.flush();
  }

  private String written() {
    return out.toString(UTF_8);
  }
}
