package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.forkyard.worker.Emitter;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobDefaults;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.StreamHandler;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Jobs that are submitted without options. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DefaultOptionsTest {

  /** Answers in its second attempt. */
  @JobDefaults(retries = 1)
  public static class Stubborn implements JobHandler<String, Integer> {
    @Override
    public Integer handle(String input, JobContext context) {
      if (context.attempt() == 1) {
        Runtime.getRuntime().halt(1);
      }
      return context.attempt();
    }
  }

  /** Its annotation is that of what it extends. */
  public static final class Heir extends Stubborn {}

  /** Tells how long it may run. */
  public static class Remaining implements JobHandler<String, Boolean> {
    @Override
    public Boolean handle(String input, JobContext context) {
      Duration most = Duration.parse(input);
      Duration remaining = context.remaining().orElseThrow();
      return remaining.compareTo(most) <= 0
          && remaining.compareTo(most.minus(Duration.ofMinutes(1))) > 0;
    }
  }

  /** May run for two hours. */
  @JobDefaults(timeoutMillis = 7_200_000)
  public static final class TwoHours extends Remaining {}

  /** All that can be said. */
  @JobDefaults(
      timeoutMillis = 4_000,
      softTimeoutMillis = 3_000,
      stallTimeoutMillis = 2_000,
      queueTimeoutMillis = 1_000,
      retries = 5,
      priority = -3,
      label = "full")
  public static final class Full extends Remaining {}

  /** Can't be. */
  @JobDefaults(priority = 11)
  public static final class TooUrgent extends Remaining {}

  /** Can't be where the pool allows less. */
  @JobDefaults(softTimeoutMillis = 3_600_000)
  public static final class SoftHour extends Remaining {}

  /** Emits how often it may be run. */
  @JobDefaults(retries = 3, timeoutMillis = 7_200_000)
  public static final class Emits implements StreamHandler<String, Long> {
    @Override
    public void handle(String input, Emitter<Long> out, JobContext context)
        throws InterruptedException {
      out.emit(context.remaining().orElseThrow().toMinutes());
    }
  }

  private ProcessPool pool;

  @BeforeAll
  void start() {
    pool =
        ProcessPool.builder()
            .workers(1)
            .workerHeapBytes(64 << 20)
            .defaultOptions(JobOptions.timeout(Duration.ofHours(1)).withLabel("pool"))
            .defaultOptions(Heir.class, JobOptions.timeout(Duration.ofHours(3)))
            .build();
  }

  @AfterAll
  void close() {
    pool.close();
  }

  @Test
  void haveThoseOfThePoolWhereTheHandlerHasNone() {
    assertThat(pool.submit(Remaining.class, "PT1H").join()).isTrue();
    assertThat(pool.defaultOptions(Remaining.class).toString())
        .contains("timeout=PT1H", "label=pool", "retries=0");
  }

  @Test
  void haveThoseOfTheHandlersAnnotationAndElseThePools() {
    assertThat(pool.submit(Stubborn.class, "").join()).isEqualTo(2);
    assertThat(pool.submit(TwoHours.class, "PT2H").join()).isTrue();
    assertThat(pool.defaultOptions(TwoHours.class).toString())
        .contains("timeout=PT2H", "label=pool");
    try (Stream<Boolean> all = pool.map(TwoHours.class, List.of("PT2H", "PT2H"))) {
      assertThat(all).containsExactly(true, true);
    }
    assertThat(pool.broadcast(TwoHours.class, "PT2H").get(0).join()).isTrue();
  }

  @Test
  void haveAllThatAnAnnotationCanSay() {
    assertThat(pool.defaultOptions(Full.class).toString())
        .contains(
            "timeout=PT4S",
            "softTimeout=PT3S",
            "stallTimeout=PT2S",
            "queueTimeout=PT1S",
            "retries=5",
            "priority=-3",
            "label=full");
  }

  @Test
  void haveThoseThatTheBuilderWasGivenForTheHandlerInPlaceOfAllOthers() {
    assertThat(pool.defaultOptions(Heir.class).toString())
        .contains("timeout=PT3H", "label=null", "retries=0");
    assertThatThrownBy(() -> pool.submit(Heir.class, "").join())
        .hasCauseInstanceOf(WorkerLostException.class);
  }

  @Test
  void thatAreGivenSomeHaveThoseAlone() {
    JobOptions options = JobOptions.timeout(Duration.ofHours(4));
    assertThat(pool.submit(TwoHours.class, "PT4H", options).join()).isTrue();
  }

  @Test
  void mayHaveOneThingChanged() {
    JobOptions options = pool.defaultOptions(TwoHours.class).withPriority(5);
    assertThat(pool.submit(TwoHours.class, "PT2H", options).join()).isTrue();
  }

  @Test
  void anAnnotationIsInheritedBySubclasses() {
    try (ProcessPool other =
        ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).inProcess().build()) {
      assertThat(other.defaultOptions(Heir.class).toString()).contains("retries=1");
    }
  }

  @Test
  void jobsThatEmitItemsHaveThemWithoutRetries() {
    try (Stream<Long> minutes = pool.items(Emits.class, "")) {
      assertThat(minutes).containsExactly(119L);
    }
  }

  @Test
  void whatCanNotBeIsRefusedAtTheFirstSubmitWithTheHandlersName() {
    assertThatThrownBy(() -> pool.submit(TooUrgent.class, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(TooUrgent.class.getName())
        .hasMessageContaining("priority must be from -10 to 10, but is 11");
    assertThatThrownBy(() -> pool.submit(SoftHour.class, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(SoftHour.class.getName())
        .hasMessageContaining("softTimeout must be less than timeout (PT1H), but is PT1H");
  }
}
