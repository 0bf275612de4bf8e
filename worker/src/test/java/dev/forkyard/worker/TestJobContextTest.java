package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestJobContextTest {

  /** Counts until it is asked to stop. */
  private static final class Counter implements JobHandler<Integer, Integer> {
    @Override
    public Integer handle(Integer most, JobContext context) {
      int count = 0;
      while (count < most && !context.cancelled()) {
        context.progress();
        count++;
      }
      return count;
    }
  }

  @Test
  void aHandlerIsTestedWithoutAnyProcess() {
    TestJobContext context = new TestJobContext();
    assertThat(new Counter().handle(3, context)).isEqualTo(3);
    assertThat(context.progressCalls()).isEqualTo(3);
    context.cancel();
    assertThat(new Counter().handle(3, context)).isZero();
  }

  /** Answers each text until it is sent a number. */
  private static final class Answers implements JobHandler<String, Integer> {
    @Override
    public Integer handle(String name, JobContext context) throws InterruptedException {
      Optional<Integer> end = context.receive(Integer.class, Duration.ZERO);
      while (end.isEmpty()) {
        String text = context.receive(String.class, Duration.ofSeconds(1)).orElseThrow();
        context.send(name + " heard " + text);
        end = context.receive(Integer.class, Duration.ZERO);
      }
      return end.get();
    }
  }

  @Test
  void aHandlerIsGivenMessagesAndWhatItSendsIsKept() throws Exception {
    TestJobContext context = new TestJobContext();
    context.deliver("one");
    context.deliver("two");
    assertThatThrownBy(() -> new Answers().handle("it", context))
        .isInstanceOf(NoSuchElementException.class);
    assertThat(context.sent()).containsExactly("it heard one", "it heard two");
    context.deliver("later");
    context.deliver(7);
    assertThat(new Answers().handle("it", context)).isEqualTo(7);
    assertThat(context.receive(String.class, Duration.ZERO)).hasValue("later");
    assertThat(context.progressCalls()).isEqualTo(2);
  }

  @Test
  void whatAHandlerMayAskForCanBeSaid() {
    TestJobContext plain = new TestJobContext();
    assertThat(plain.jobId()).isEqualTo(1);
    assertThat(plain.attempt()).isEqualTo(1);
    assertThat(plain.remaining()).isEmpty();
    TestJobContext context = plain.withJobId(7).withAttempt(2).withTimeout(Duration.ofMinutes(1));
    assertThat(context.jobId()).isEqualTo(7);
    assertThat(context.attempt()).isEqualTo(2);
    assertThat(context.remaining().orElseThrow())
        .isBetween(Duration.ofSeconds(1), Duration.ofMinutes(1));
    assertThat(plain.withTimeout(Duration.ZERO).remaining()).hasValue(Duration.ZERO);
    TestJobContext given =
        context.withSetting("colour", "blue").withSetting("size", "9").withHeader("tenant", "a");
    assertThat(given.settings()).isEqualTo(Map.of("colour", "blue", "size", "9"));
    assertThat(given.setting("colour")).hasValue("blue");
    assertThat(given.setting("shape")).isEmpty();
    assertThat(given.headers()).isEqualTo(Map.of("tenant", "a"));
    assertThat(given.jobId()).isEqualTo(7);
    assertThat(given.slot()).isZero();
    assertThat(given.withSlot(3).withAttempt(2).slot()).isEqualTo(3);
    assertThatThrownBy(() -> plain.withSlot(-1)).hasMessage("slot must be at least 0, but is -1");
    assertThat(plain.settings()).isEmpty();
    assertThat(plain.headers()).isEmpty();
    assertThatThrownBy(() -> plain.withAttempt(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("attempt must be at least 1, but is 0");
  }
}
