package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** For which events the loop is woken, and how they come there. */
class EventInboxTest {

  private final EventInbox inbox = new EventInbox();
  private final List<String> taken = new ArrayList<>();

  private boolean post(String name, boolean mayWait) {
    return inbox.post(new EventInbox.Event(() -> taken.add(name), null), mayWait);
  }

  private List<String> take() {
    taken.clear();
    EventInbox.Event event = inbox.takeAll();
    for (; event != null; event = event.next) {
      event.action.run();
    }
    return taken;
  }

  @Test
  void theLoopIsWokenOnceForAllThatItTakesAtOnceInTheirOrder() {
    assertThat(post("a", false)).isTrue();
    assertThat(post("b", false)).isFalse();
    assertThat(post("c", true)).isFalse();
    assertThat(take()).containsExactly("a", "b", "c");
    assertThat(inbox.isEmpty()).isTrue();
    assertThat(post("d", true)).isTrue();
    assertThat(take()).containsExactly("d");
    assertThat(take()).isEmpty();
  }

  @Test
  void itIsNotWokenForWhatMayWaitUntilTheWaitEnds() {
    assertThat(inbox.setWaiting(true)).isFalse();
    assertThat(post("a", true)).isFalse();
    assertThat(post("b", true)).isFalse();
    assertThat(inbox.setWaiting(true)).isFalse();
    assertThat(inbox.setWaiting(false)).isTrue();
    assertThat(inbox.setWaiting(false)).as("told already").isFalse();
    assertThat(post("c", false)).as("told already").isFalse();
    assertThat(take()).containsExactly("a", "b", "c");
    assertThat(inbox.setWaiting(false)).as("there is nothing").isFalse();
  }

  @Test
  void itIsWokenForWhatMayNotWaitAlsoAfterOtherThings() {
    inbox.setWaiting(true);
    assertThat(post("a", true)).isFalse();
    assertThat(post("b", false)).isTrue();
    assertThat(post("c", true)).isFalse();
    assertThat(take()).containsExactly("a", "b", "c");
    assertThat(post("d", true)).isFalse();
    assertThat(take()).as("whoever looks finds it").containsExactly("d");
  }
}
