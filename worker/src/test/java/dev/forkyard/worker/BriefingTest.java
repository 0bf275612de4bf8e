package dev.forkyard.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a worker is told on its standard input. */
class BriefingTest {

  private static Briefing read(String head, byte[] setup) throws IOException {
    byte[] all = Arrays.copyOf(head.getBytes(UTF_8), head.length() + setup.length);
    System.arraycopy(setup, 0, all, head.length(), setup.length);
    return Briefing.read(new ByteArrayInputStream(all));
  }

  @Test
  void aBriefingWithoutASetupMayEndWithItsAddress() throws IOException {
    Briefing told = read("ab12\nunix:/s", new byte[0]);
    assertThat(told.tokenHex()).isEqualTo("ab12");
    assertThat(told.address()).isEqualTo("unix:/s");
    assertThat(told.setup()).isEqualTo(WorkerSetup.NONE);
    assertThat(read("ab12\nunix:/s\n", WorkerSetup.NONE.encode()).setup())
        .isEqualTo(WorkerSetup.NONE);
    assertThat(read("", new byte[0]).tokenHex()).isEmpty();
  }

  @Test
  void aSetupArrivesAsItWasWhateverItsBytesAre() throws IOException {
    byte[] lines = "\n\n\n".getBytes(UTF_8);
    Map<String, byte[]> factories = new LinkedHashMap<>();
    factories.put("a.Handler", lines);
    factories.put("b.Handler", new byte[0]);
    WorkerSetup sent =
        new WorkerSetup(
            Map.of("colour", "grün\n", "empty", ""),
            factories,
            List.of(
                new WorkerSetup.WarmUp("b.Handler", false, null),
                new WorkerSetup.WarmUp("a.Handler", true, null),
                new WorkerSetup.WarmUp("a.Handler", true, lines)),
            7);
    WorkerSetup told = read("ab12\nunix:/s\n", sent.encode()).setup();
    assertThat(told.settings()).isEqualTo(sent.settings());
    assertThat(told.factories()).containsOnlyKeys("a.Handler", "b.Handler");
    assertThat(told.factories().get("a.Handler")).isEqualTo(lines);
    assertThat(told.factories().get("b.Handler")).isEmpty();
    assertThat(told.warmUps())
        .extracting(WorkerSetup.WarmUp::className)
        .containsExactly("b.Handler", "a.Handler", "a.Handler");
    assertThat(told.warmUps())
        .extracting(WorkerSetup.WarmUp::run)
        .containsExactly(false, true, true);
    assertThat(told.slots()).isEqualTo(7);
    assertThat(WorkerSetup.NONE.slots()).isEqualTo(1);
    assertThat(told.warmUps().get(1).input()).isNull();
    assertThat(told.warmUps().get(2).input()).isEqualTo(lines);
  }
}
