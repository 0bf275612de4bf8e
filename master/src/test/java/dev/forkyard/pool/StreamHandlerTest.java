package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.pool.JobMessagesTest.Done;
import dev.forkyard.pool.ProcessPoolTest.Obey;
import dev.forkyard.protocol.MessageWindow;
import dev.forkyard.worker.Emitter;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.StreamHandler;
import dev.forkyard.worker.TestJobContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with many results, of real processes; the rest is {@link FlowTckTest}'s. */
@Timeout(60)
class StreamHandlerTest {

  @TempDir private Path directory;

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20);
  }

  /** Emits the numbers below its input, or all. */
  public static final class Count implements StreamHandler<Integer, Done> {
    @Override
    public void handle(Integer of, Emitter<Done> out, JobContext context) throws Exception {
      for (int i = 0; of < 0 || i < of; i++) {
        out.emit(new Done(i, of));
      }
    }
  }

  /** Emits three texts, and then does what the input says; keeps in a file what it has emitted. */
  public static final class ThenObeys implements StreamHandler<String, String> {
    @Override
    public void handle(String order, Emitter<String> out, JobContext context) throws Exception {
      for (int i = 0; i < 3; i++) {
        out.emit("text " + i);
      }
      if (order.startsWith("/")) {
        for (int i = 4; true; i++) {
          out.emit("text");
          Files.writeString(Path.of(order), String.valueOf(i));
        }
      }
      new Obey().handle(order, context);
    }
  }

  /** Takes what comes, and asks for so many at once. */
  static class Collector<T> implements Flow.Subscriber<T> {

    final List<T> items = Collections.synchronizedList(new ArrayList<>());
    final CompletableFuture<List<T>> end = new CompletableFuture<>();
    final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    final List<String> threads = Collections.synchronizedList(new ArrayList<>());
    private final long first;

    Collector(long first) {
      this.first = first;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription.complete(given);
      if (first > 0) {
        given.request(first);
      }
    }

    @Override
    public void onNext(T item) {
      threads.add(Thread.currentThread().getName());
      items.add(item);
    }

    @Override
    public void onError(Throwable error) {
      end.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      end.complete(List.copyOf(items));
    }
  }

  private static List<Done> below(int of) {
    return IntStream.range(0, of).mapToObj(i -> new Done(i, of)).toList();
  }

  @Test
  void allItemsComeInOrderOffTheLoopAndEachSubscriberHasAJobOfItsOwn() {
    try (ProcessPool pool = small().build()) {
      Flow.Publisher<Done> publisher = pool.stream(Count.class, 5_000);
      assertThat(pool.stats().submitted()).isZero();
      List<Collector<Done>> both = List.of(new Collector<>(5_000), new Collector<>(Long.MAX_VALUE));
      both.forEach(publisher::subscribe);
      for (Collector<Done> each : both) {
        assertThat(each.end.join()).isEqualTo(below(5_000));
        assertThat(each.threads).allMatch(name -> name.startsWith(pool.name() + "-messages-"));
      }
      await().until(() -> pool.stats().succeeded() == 2);
    }
  }

  @Test
  void aJobIsAheadOfWhatWasRequestedByAWindowAndNoMore() {
    Path count = directory.resolve("count");
    try (ProcessPool pool = small().build()) {
      Collector<String> collector = new Collector<>(0);
      pool.stream(ThenObeys.class, count.toString()).subscribe(collector);
      awaitCount(count, MessageWindow.MAX_MESSAGES);
      assertThat(collector.items).isEmpty();
      Flow.Subscription subscription = collector.subscription.join();
      subscription.request(2);
      await().until(() -> collector.items.size() == 2);
      // Half a window is told at once.
      subscription.request(MessageWindow.MAX_MESSAGES / 2 - 2);
      awaitCount(count, MessageWindow.MAX_MESSAGES + MessageWindow.MAX_MESSAGES / 2);
      assertThat(collector.items).hasSize(MessageWindow.MAX_MESSAGES / 2);
      subscription.cancel();
      await().until(() -> pool.stats().cancelled() == 1);
      assertThat(collector.end).isNotDone();
      assertThat(pool.submit(Obey.class, "works").join()).isEqualTo("works");
    }
  }

  private static void awaitCount(Path file, int count) {
    await().until(() -> Files.exists(file) && Files.readString(file).equals(String.valueOf(count)));
  }

  /** Emits arrays of 400,000 bytes, and keeps in a file how many. */
  public static final class Large implements StreamHandler<String, byte[]> {
    @Override
    public void handle(String file, Emitter<byte[]> out, JobContext context) throws Exception {
      for (int i = 1; i <= 100; i++) {
        out.emit(new byte[400_000]);
        Files.writeString(Path.of(file), String.valueOf(i));
      }
    }
  }

  @Test
  void aJobIsAheadByAMebibyteAndOneItemAtMost() {
    Path count = directory.resolve("count");
    try (ProcessPool pool = small().build();
        Stream<byte[]> items = pool.items(Large.class, count.toString())) {
      Iterator<byte[]> each = items.iterator();
      assertThat(each.next()).hasSize(400_000);
      awaitCount(count, 3);
      assertThat(each.next()).hasSize(400_000);
      awaitCount(count, 5);
      int left = 0;
      for (; each.hasNext(); each.next()) {
        left++;
      }
      assertThat(left).isEqualTo(98);
    }
  }

  @Test
  void whatAHandlerThrowsComesAfterItsItemsAndTyped() {
    try (ProcessPool pool = small().build()) {
      Collector<String> collector = new Collector<>(2);
      pool.stream(ThenObeys.class, "throw x").subscribe(collector);
      await().until(() -> pool.stats().failed() == 1);
      await().until(() -> collector.items.size() == 2);
      assertThat(collector.end).isNotDone();
      collector.subscription.join().request(1);
      assertThatThrownBy(collector.end::join)
          .hasCauseInstanceOf(JobFailedException.class)
          .hasMessageContaining("IllegalStateException: x");
      assertThat(collector.items).containsExactly("text 0", "text 1", "text 2");
    }
  }

  @Test
  void aWorkersDeathAndADeadlineEndAStreamAsTheyEndAFuture() {
    try (ProcessPool pool = small().build()) {
      Collector<String> dead = new Collector<>(10);
      pool.stream(ThenObeys.class, "halt 7").subscribe(dead);
      assertThatThrownBy(dead.end::join).hasCauseInstanceOf(WorkerLostException.class);
      Collector<String> late = new Collector<>(10);
      pool.stream(ThenObeys.class, "sleep 60000", JobOptions.timeout(Duration.ofMillis(500)))
          .subscribe(late);
      assertThatThrownBy(late.end::join).hasCauseInstanceOf(JobTimeoutException.class);
      assertThat(late.items).hasSize(3);
      Collector<String> shut = new Collector<>(10);
      pool.stream(ThenObeys.class, "sleep 60000").subscribe(shut);
      await().until(() -> shut.items.size() == 3);
      pool.shutdownNow();
      assertThatThrownBy(shut.end::join).isInstanceOf(CancellationException.class);
      Collector<String> refused = new Collector<>(10);
      pool.stream(ThenObeys.class, "").subscribe(refused);
      assertThatThrownBy(refused.end::join).hasCauseInstanceOf(JobRejectedException.class);
    }
  }

  @Test
  void aSubscriberThatThrowsOrAsksForNothingEndsItsOwnJobAlone() {
    try (ProcessPool pool = small().build()) {
      CountDownLatch called = new CountDownLatch(1);
      Collector<Done> throwing =
          new Collector<>(Long.MAX_VALUE) {
            @Override
            public void onNext(Done item) {
              called.countDown();
              throw new IllegalStateException("of the subscriber");
            }
          };
      pool.stream(Count.class, -1).subscribe(throwing);
      await().until(() -> called.getCount() == 0 && pool.stats().cancelled() == 1);
      assertThat(throwing.end).isNotDone();
      Collector<Done> wrong = new Collector<>(1);
      pool.stream(Count.class, -1).subscribe(wrong);
      wrong.subscription.join().request(0);
      assertThatThrownBy(wrong.end::join)
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rule 3.9");
      await().until(() -> pool.stats().cancelled() == 2);
      assertThat(pool.items(Count.class, 3).toList()).isEqualTo(below(3));
    }
  }

  @Test
  void itemsAreAStreamThatIsLazyAndEndsItsJobWhenItIsClosed() {
    try (ProcessPool pool = small().build()) {
      try (Stream<Done> items = pool.items(Count.class, -1)) {
        assertThat(pool.stats().submitted()).isZero();
        assertThat(items.limit(1_000).map(Done::done).toList())
            .isEqualTo(IntStream.range(0, 1_000).boxed().toList());
      }
      await().until(() -> pool.stats().cancelled() == 1);
      Stream<Done> neverTaken = pool.items(Count.class, -1);
      neverTaken.close();
      try (Stream<Done> none = pool.items(Count.class, 0)) {
        assertThat(none).isEmpty();
      }
      try (Stream<String> failing = pool.items(ThenObeys.class, "throw x")) {
        Iterator<String> each = failing.iterator();
        for (int i = 0; i < 3; i++) {
          assertThat(each.next()).isEqualTo("text " + i);
        }
        assertThatThrownBy(each::hasNext)
            .isInstanceOf(JobFailedException.class)
            .hasMessageContaining("IllegalStateException: x");
      }
      assertThat(pool.stats().submitted()).isEqualTo(3);
    }
  }

  /** Leaves its items' type open. */
  public static class Open<T> implements StreamHandler<String, T> {
    @Override
    public void handle(String input, Emitter<T> out, JobContext context) {}
  }

  @Test
  @SuppressWarnings("unchecked")
  void whatCanNotBeRunAsAStreamIsRefusedWithWhatToDo() {
    try (ProcessPool pool = small().build()) {
      assertThatThrownBy(() -> pool.submit(Count.class, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("run it by stream or items");
      assertThatThrownBy(
              () ->
                  pool.submit(
                          HandlerRef.of(
                              (Class<? extends JobHandler<Integer, Void>>) (Class<?>) Count.class),
                          1,
                          JobOptions.defaults())
                      .join())
          .hasMessageContaining("nobody takes");
      assertThatThrownBy(() -> pool.stream(Count.class, 1, JobOptions.retries(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("retries is 1");
      JobOptions listening = JobOptions.defaults().withListener(String.class, text -> {});
      assertThatThrownBy(() -> pool.items(Count.class, 1, listening))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no listeners");
      assertThatThrownBy(() -> pool.items((Class<Open<String>>) (Class<?>) Open.class, ""))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("type parameter T of StreamHandler open");
    }
  }

  @Test
  void workersOnThreadsOfThisProgramSendTheSame() {
    try (ProcessPool pool = ProcessPool.builder().workers(2).inProcess().build()) {
      assertThat(pool.items(Count.class, 2_000).toList()).isEqualTo(below(2_000));
      List<Done> heard = Collections.synchronizedList(new ArrayList<>());
      JobOptions options = JobOptions.defaults().withListener(Done.class, heard::add);
      assertThat(pool.submit(JobMessagesTest.Steps.class, 500, options).join()).isEqualTo(500);
      assertThat(heard).hasSize(500);
    }
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals("forkyard-messages")));
  }

  @Test
  void aHandlerIsTestedWithoutAPool() throws Exception {
    List<Done> items = new ArrayList<>();
    new Count().handle(3, items::add, new TestJobContext());
    assertThat(items).isEqualTo(below(3));
    assertThatThrownBy(() -> new Count().handle(3, new TestJobContext()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("with an Emitter");
  }
}
