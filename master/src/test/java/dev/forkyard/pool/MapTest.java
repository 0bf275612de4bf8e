package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.pool.ProcessPoolTest.Obey;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Results as they come. */
@Timeout(60)
class MapTest {

  @TempDir private Path directory;

  private ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20);
  }

  /** Answers with its input; one that is a file waits until that is there. */
  public static final class AwaitFile implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      while (input.startsWith("/") && Files.notExists(Path.of(input))) {
        LockSupport.parkNanos(1_000_000);
      }
      return input;
    }
  }

  @Test
  void unorderedAJobThatLastsHoldsUpNoOtherAndAllResultsCome() throws IOException {
    Path file = directory.resolve("go");
    List<String> inputs = new ArrayList<>(List.of(file.toString()));
    IntStream.range(0, 1_000).forEach(i -> inputs.add("n" + i));
    try (ProcessPool pool = small().build();
        Stream<String> results = pool.mapUnordered(AwaitFile.class, inputs)) {
      Iterator<String> each = results.iterator();
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 1_000; i++) {
        seen.add(each.next());
      }
      assertThat(seen).hasSize(1_000).doesNotContain(file.toString());
      Files.createFile(file);
      assertThat(each.next()).isEqualTo(file.toString());
      assertThat(each.hasNext()).isFalse();
    }
  }

  @Test
  void unorderedTheFirstFailureEndsTheStreamAndTheRestIsCancelled() {
    String never = directory.resolve("never").toString();
    List<String> inputs = List.of("throw x", "sleep 60000", "sleep 60000");
    try (ProcessPool pool = small().build()) {
      assertThatThrownBy(() -> pool.mapUnordered(Obey.class, inputs).toList())
          .isInstanceOf(JobFailedException.class)
          .hasMessageContaining("IllegalStateException: x");
      await().until(() -> pool.stats().cancelled() == 2);
      Stream<String> closed = pool.mapUnordered(AwaitFile.class, List.of("a", never));
      assertThat(closed.iterator().next()).isEqualTo("a");
      closed.close();
      await().until(() -> pool.stats().cancelled() == 3);
    }
  }

  @Test
  void ofEndlessInputsNoMoreAreTakenThanTheWindowAndWhatWasConsumed() {
    AtomicInteger taken = new AtomicInteger();
    AtomicBoolean closed = new AtomicBoolean();
    Stream<String> endless =
        Stream.generate(() -> "n" + taken.incrementAndGet()).onClose(() -> closed.set(true));
    try (ProcessPool pool = small().queueCapacity(10).build();
        Stream<String> results = pool.mapUnordered(AwaitFile.class, endless)) {
      Iterator<String> each = results.iterator();
      for (int i = 1; i <= 100; i++) {
        assertThat(each.next()).startsWith("n");
        assertThat(taken.get()).isLessThanOrEqualTo(i + 10);
      }
    }
    assertThat(closed).isTrue();
  }

  /** Answers with so many bytes. */
  public static final class Bytes implements JobHandler<byte[], byte[]> {
    @Override
    public byte[] handle(byte[] size, JobContext context) {
      return new byte[size.length > 1 ? 1 : size[0] << 20];
    }
  }

  @Test
  void aThousandInputsGiveAsManyResultsInTheirOrder() {
    List<String> inputs = IntStream.range(0, 1_000).mapToObj(i -> "n" + i).toList();
    try (ProcessPool pool = small().build();
        Stream<String> results = pool.map(AwaitFile.class, inputs)) {
      assertThat(results).isEqualTo(inputs);
    }
  }

  @Test
  void largeInputsAndLargeResultsOfEndlessOnesAreNotFarAhead() {
    int mebibyte = 1 << 20;
    long most = ResultStream.MAX_BYTES_AHEAD / (16L * mebibyte);
    AtomicInteger taken = new AtomicInteger();
    try (ProcessPool pool = small().build()) {
      Stream<byte[]> inputs =
          Stream.generate(
              () -> {
                taken.incrementAndGet();
                return new byte[16 * mebibyte];
              });
      try (Stream<byte[]> results = pool.map(Bytes.class, inputs)) {
        Iterator<byte[]> each = results.iterator();
        for (int i = 1; i <= 10; i++) {
          assertThat(each.next()).hasSize(1);
          // Of one whose job ended at once it is not known any more what it took.
          assertThat(taken.get()).isLessThanOrEqualTo((int) most + 3 * i);
        }
      }
      taken.set(0);
      Stream<byte[]> small =
          Stream.generate(
              () -> {
                taken.incrementAndGet();
                return new byte[] {4};
              });
      try (Stream<byte[]> results = pool.mapUnordered(Bytes.class, small)) {
        Iterator<byte[]> each = results.iterator();
        for (int i = 1; i <= 100; i++) {
          assertThat(each.next()).hasSize(4 * mebibyte);
          assertThat(taken.get()).isLessThanOrEqualTo(64 + i);
        }
        // It has learned what they take.
        assertThat(taken.get()).isLessThanOrEqualTo(100 + 17);
      }
    }
  }

  @Test
  void oneThatFailsOrIsTooLateIsAnOutcomeAmongTheOthers() {
    List<String> inputs = List.of("a", "sleep 60000", "throw x", "b", "c");
    // Long enough for the others on a busy machine.
    JobOptions late = JobOptions.timeout(Duration.ofSeconds(5));
    try (ProcessPool pool = small().defaultOptions(late).build()) {
      List<JobOutcome<String, String>> all = pool.mapOutcomes(Obey.class, inputs).toList();
      assertThat(all).extracting(JobOutcome::input).isEqualTo(inputs);
      assertThat(all).extracting(JobOutcome::ok).containsExactly(true, false, false, true, true);
      assertThat(all.get(1).error()).isInstanceOf(JobTimeoutException.class);
      assertThat(all.get(2).error()).isInstanceOf(JobFailedException.class);
      List<String> got = new ArrayList<>();
      List<String> failing = List.of("a", "b", "throw x", "sleep 60000", "sleep 60000");
      JobOptions unlimited = JobOptions.defaults();
      assertThatThrownBy(() -> pool.map(Obey.class, failing, unlimited).forEach(got::add))
          .isInstanceOf(JobFailedException.class);
      assertThat(got).containsExactly("a", "b");
      await().until(() -> pool.stats().cancelled() == 2);
    }
  }

  /** Answers with its input and for whom it is. */
  public static final class ForWhom implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      return input + " for " + context.headers().get("tenant");
    }
  }

  @Test
  void eachJobHasTheOptionsThatAreGiven() {
    JobOptions options = JobOptions.label("t").withHeaders(Map.of("tenant", "t"));
    List<String> inputs = List.of("a", "b");
    List<String> answers = List.of("a for t", "b for t");
    try (ProcessPool pool = small().build()) {
      assertThat(pool.map(ForWhom.class, inputs, options)).containsExactlyElementsOf(answers);
      assertThat(pool.map(ForWhom.class, inputs.stream(), options))
          .containsExactlyElementsOf(answers);
      assertThat(pool.mapUnordered(ForWhom.class, inputs, options)).hasSameElementsAs(answers);
      assertThat(pool.mapUnordered(ForWhom.class, inputs.stream(), options))
          .hasSameElementsAs(answers);
      assertThat(pool.mapOutcomes(ForWhom.class, inputs, options).map(JobOutcome::result))
          .containsExactlyElementsOf(answers);
      assertThat(pool.mapOutcomes(ForWhom.class, inputs.stream(), options).map(JobOutcome::result))
          .containsExactlyElementsOf(answers);
      assertThat(pool.map(ForWhom.class, inputs)).containsExactly("a for null", "b for null");
    }
  }

  @Test
  void inputsAreTakenOnTheConsumersThreadAlone() {
    Set<Thread> threads = new HashSet<>();
    Stream<String> inputs =
        Stream.generate(
                () -> {
                  threads.add(Thread.currentThread());
                  return "x";
                })
            .limit(3_000);
    try (ProcessPool pool = small().build()) {
      assertThat(pool.mapUnordered(AwaitFile.class, inputs).count()).isEqualTo(3_000);
    }
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void aThreadThatIsInterruptedWhileItWaitsStaysSoAndGetsItsResult() throws Exception {
    Path file = directory.resolve("go");
    try (ProcessPool pool = small().build()) {
      List<String> got = new ArrayList<>();
      AtomicBoolean interrupted = new AtomicBoolean();
      Thread consumer =
          new Thread(
              () -> {
                got.addAll(pool.mapUnordered(AwaitFile.class, List.of(file.toString())).toList());
                interrupted.set(Thread.currentThread().isInterrupted());
              });
      consumer.start();
      await().until(() -> consumer.getState() == Thread.State.WAITING);
      consumer.interrupt();
      Files.createFile(file);
      consumer.join();
      assertThat(got).containsExactly(file.toString());
      assertThat(interrupted).isTrue();
    }
  }
}
