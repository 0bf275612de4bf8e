package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a child writes, taken in each of the three ways, however the pipe is read. */
@ParameterizedClass
@EnumSource(Pipes.class)
@Timeout(60)
class ChildOutputTest {

  private static final String HUNDRED_MEGABYTES = "exec dd if=/dev/zero bs=1024 count=102400";

  /** What may wait in this program and in the pipe, and a bit. */
  private static final long BOUND_BYTES = 512 << 10;

  @Parameter private Pipes pipes;

  @RegisterExtension private final Marked children = new Marked();

  @RegisterExtension private final ThrownByCallbacks thrown = new ThrownByCallbacks();

  private final Collector collector = new Collector();

  @BeforeEach
  void skipWhatIsNotThere() throws IOException {
    pipes.open().close();
  }

  @Test
  void aStreamHasAllBytesAndThenItsEnd() throws Exception {
    ChildProcess child = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo error >&2");
    assertThat(child.stdout().readAllBytes()).hasSize(1_000_000).containsOnly('x');
    assertThat(child.stdout().read()).isEqualTo(-1);
    assertThat(new String(child.stderr().readAllBytes(), UTF_8)).isEqualTo("error\n");
    get(child.onClose());
  }

  @Test
  void aStreamCanBeReadWhenTheChildHasLongEnded() throws Exception {
    ChildProcess child = shell("head -c 60000 /dev/zero; exit 3");
    assertThat(get(child.onClose()).exitCode()).hasValue(3);
    assertThat(child.stdout().readAllBytes()).hasSize(60_000);
  }

  @Test
  void whatNobodyTakesHoldsUpNeitherTheEndNorADescriptor() throws Exception {
    // More than is read ahead, less than that and the system's pipe.
    ChildProcess child = shell("head -c 180000 /dev/zero");
    assertThat(get(child.onClose()).success()).isTrue();
    assertThat(child.stdout().readAllBytes()).hasSize(180_000);
  }

  @Test
  void anInterruptEndsARead() throws Exception {
    ChildProcess child = shell("exec sleep 1000");
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                thrown.complete(new AssertionError("read " + child.stdout().read()));
              } catch (IOException | RuntimeException e) {
                thrown.complete(e);
              }
            });
    reader.start();
    reader.interrupt();
    assertThat(get(thrown)).isInstanceOf(InterruptedIOException.class);
    get(child.killTree());
  }

  @Test
  void closingTheStreamEndsAReadAndFailsTheChildsNextWrite() throws Exception {
    ChildProcess child = shell("exec yes");
    assertThat(child.stdout().read()).isEqualTo('y');
    child.stdout().close();
    assertThat(get(child.onClose()).signal()).hasValue("SIGPIPE");
    assertThatThrownBy(() -> child.stdout().read()).isInstanceOf(IOException.class);
  }

  @Test
  void aPublisherGivesAllBytesAndCompletesAfterTheLast() throws Exception {
    ChildProcess child = shell("head -c 1000000 /dev/zero");
    collector.demandAtFirst = Long.MAX_VALUE;
    child.stdout().publisher().subscribe(collector);
    get(collector.done);
    assertThat(collector.bytes()).isEqualTo(1_000_000);
    get(child.onClose());
  }

  @Test
  void aPublisherGivesOneBufferForEachThatIsAskedFor() throws Exception {
    ChildProcess child = shell("echo one; read next; echo two; exec sleep 1000");
    child.stdout().publisher().subscribe(collector);
    Flow.Subscription subscription = get(collector.subscription);
    child.stdin().write('\n');
    child.stdin().flush();
    // Both lines were read ahead, perhaps as one buffer, but nothing was asked for.
    await().atMost(LIMIT).until(() -> child.stdout().available() == 8);
    assertThat(collector.buffers).isEmpty();
    subscription.request(1);
    await().atMost(LIMIT).until(() -> collector.buffers.size() == 1);
    subscription.request(1);
    await().atMost(LIMIT).until(() -> collector.bytes() == 8);
    subscription.cancel();
    get(child.killTree());
    assertThat(collector.done).isNotDone();
  }

  @Test
  void aSubscriberHearsNothingBeforeItHasItsSubscription() throws Exception {
    Callbacks callbacks = new Callbacks();
    ChildOutput output = new ChildOutput("stdout", new NoSource(), callbacks);
    output.sink().accept(ByteBuffer.wrap("early".getBytes(UTF_8)));
    CountDownLatch drained = new CountDownLatch(1);
    collector.demandAtFirst = 1;
    collector.onSubscribed =
        () -> {
          // One callback comes after the other: what the request has led to came before this.
          callbacks.execute(drained::countDown);
          awaitQuietly(drained);
          assertThat(collector.buffers).isEmpty();
        };
    output.publisher().subscribe(collector);
    await().atMost(LIMIT).until(() -> collector.buffers.size() == 1);
  }

  @Test
  void aRequestForNothingIsAnError() throws Exception {
    ChildProcess child = shell("exec yes");
    child.stdout().publisher().subscribe(collector);
    get(collector.subscription).request(0);
    assertThat(collector.done)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(get(child.onClose()).signal()).hasValue("SIGPIPE");
    assertThat(collector.buffers).isEmpty();
  }

  @Test
  void aCancelClosesThePipeAndNothingMoreIsTold() throws Exception {
    ChildProcess child = shell("exec yes");
    collector.demandAtFirst = 1;
    child.stdout().publisher().subscribe(collector);
    await().atMost(LIMIT).until(() -> collector.buffers.size() == 1);
    Flow.Subscription subscription = get(collector.subscription);
    subscription.cancel();
    subscription.request(1);
    assertThat(get(child.onClose()).signal()).hasValue("SIGPIPE");
    assertThat(collector.buffers).hasSize(1);
    assertThat(collector.done).isNotDone();
  }

  @Test
  void aSubscriberThatThrowsIsTakenForOneThatCancels() throws Exception {
    thrown.expect(1);
    ChildProcess child = shell("exec yes");
    collector.demandAtFirst = 10;
    collector.thrown = thrown.next();
    child.stdout().publisher().subscribe(collector);
    assertThat(get(child.onClose()).signal()).hasValue("SIGPIPE");
    assertThat(collector.buffers).hasSize(1);
  }

  @Test
  void linesComeWithoutTheirEndsAndTheLastNeedsNone() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    ChildProcess child = shell("printf 'one\\n\\ntwo \\303\\251\\r\\nlast'");
    child.stdout().onLine(lines::add);
    get(child.onClose());
    assertThat(lines).containsExactly("one", "", "two é", "last");
  }

  @Test
  void allLinesWereToldBeforeTheClose() throws Exception {
    AtomicInteger lines = new AtomicInteger();
    ChildProcess child = shell("seq 1 20000");
    child.stdout().onLine(line -> lines.incrementAndGet());
    get(child.onClose());
    assertThat(lines).hasValue(20_000);
  }

  @Test
  void linesAreToldBeforeTheCloseThoughTheChildEndedBeforeAnyoneListened() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    ChildProcess child = shell("echo first; echo second");
    get(child.onClose());
    CountDownLatch listened = new CountDownLatch(1);
    child
        .stdout()
        .onLine(
            line -> {
              awaitQuietly(listened);
              lines.add(line);
            });
    CompletableFuture<Integer> linesAtClose = child.onClose().thenApply(status -> lines.size());
    listened.countDown();
    assertThat(get(linesAtClose)).isEqualTo(2);
  }

  @Test
  void aListenerThatThrowsHearsTheNextLine() throws Exception {
    thrown.expect(3);
    AtomicInteger lines = new AtomicInteger();
    ChildProcess child = shell("seq 1 3");
    child
        .stdout()
        .onLine(
            line -> {
              lines.incrementAndGet();
              throw thrown.next();
            });
    get(child.onClose());
    assertThat(lines).hasValue(3);
  }

  @Test
  void anOutputIsTakenInOneWayAndOnlyOnce() throws Exception {
    ChildProcess streamed = shell("cat");
    streamed.stdin().close();
    streamed.stdout().readAllBytes();
    assertTaken(() -> streamed.stdout().onLine(line -> {}));
    assertTaken(() -> streamed.stdout().publisher().subscribe(collector));

    ChildProcess listened = shell("cat");
    listened.stdout().onLine(line -> {});
    assertTaken(() -> listened.stdout().read());
    assertTaken(() -> listened.stdout().onLine(line -> {}));
    assertTaken(() -> listened.stdout().publisher().subscribe(collector));
    // Each output by itself.
    listened.stderr().onLine(line -> {});
    listened.stdin().close();

    ChildProcess published = shell("cat");
    Flow.Publisher<ByteBuffer> publisher = published.stdout().publisher();
    publisher.subscribe(collector);
    assertTaken(() -> publisher.subscribe(new Collector()));
    assertTaken(() -> published.stdout().onLine(line -> {}));
    published.stdin().close();
    get(published.onExit());
    get(collector.subscription).cancel();
  }

  @Test
  void aChildThatWritesMoreThanIsReadMustWait() throws Exception {
    ChildProcess child = shell(HUNDRED_MEGABYTES);
    assertThatItWaits(child);
    assertThat(child.stdout().available()).isLessThan((int) BOUND_BYTES);
    assertThat(child.stdout().skip(200 << 20)).isEqualTo(100 << 20);
    assertThat(get(child.onClose()).success()).isTrue();
  }

  @Test
  void aChildThatWritesMoreThanItsListenerTakesMustWait() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    ChildProcess child = shell(HUNDRED_MEGABYTES);
    child.stdout().onLine(line -> awaitQuietly(held));
    assertThatItWaits(child);
    get(child.killTree());
    held.countDown();
    get(child.onClose());
  }

  @Test
  void manySmallWritesToNobodyTakeNoMoreMemoryThanFewLargeOnes() {
    OutputSink sink = new ChildOutput("stdout", new NoSource(), new Callbacks()).sink();
    int buffers = 1;
    while (sink.accept(ByteBuffer.wrap(new byte[1]))) {
      buffers++;
    }
    assertThat(buffers).isLessThan(4_000);
  }

  @Test
  void aSinkThatThrowsEndsItsOwnPipeAlone() throws Exception {
    thrown.expect(1);
    ChildProcess other = shell("read -r line; echo \"$line\"");
    ThrowingSink sink = new ThrowingSink();
    Launch launch =
        new Launch(
            List.of("echo", "out"),
            options(),
            new SpawnOptions.Streams(Stdio.ignore(), Stdio.pipe(), Stdio.ignore(), false));
    ChildProcess child =
        new ChildProcess(
            ChildProcess.start(launch, options(), new Callbacks(), null, null, sink, null));
    child.watch();
    get(sink.ended);
    get(child.onClose());
    other.stdin().write("still read\n".getBytes(UTF_8));
    other.stdin().close();
    assertThat(other.stdout().readAllBytes()).asString(UTF_8).isEqualTo("still read\n");
    assertThat(shell("echo later").stdout().readAllBytes()).asString(UTF_8).isEqualTo("later\n");
  }

  private static final class ThrowingSink implements OutputSink {

    final CompletableFuture<Void> ended = new CompletableFuture<>();

    @Override
    public boolean accept(ByteBuffer bytes) {
      throw new OutOfMemoryError("thrown by a test, on purpose");
    }

    @Override
    public void end() {
      ended.complete(null);
    }
  }

  private static void assertThatItWaits(ChildProcess child) throws IOException {
    AtomicLong last = new AtomicLong();
    await()
        .during(Duration.ofMillis(300))
        .atMost(LIMIT)
        .until(
            () -> {
              long now = written(child.pid());
              return now == last.getAndSet(now) && now > 0;
            });
    assertThat(written(child.pid())).isLessThan(BOUND_BYTES);
  }

  /** How many bytes it has written, to whatever. */
  private static long written(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/io")).stream()
        .filter(line -> line.startsWith("wchar: "))
        .mapToLong(line -> Long.parseLong(line.substring("wchar: ".length())))
        .sum();
  }

  /** A pipe through which nothing comes. */
  private static final class NoSource implements OutputSource {

    @Override
    public Redirect redirect() {
      return Redirect.PIPE;
    }

    @Override
    public void start(OutputSink sink, InputStream jdkPipe) {}

    @Override
    public void resume() {}

    @Override
    public void close() {}
  }

  private static void assertTaken(ThrowingRunnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("only once");
  }

  private interface ThrowingRunnable {
    void run() throws Exception;
  }

  private SpawnOptions options() {
    return children.spawn().pipes(pipes).build();
  }

  private ChildProcess shell(String script) {
    return ChildProcess.spawn(List.of("sh", "-c", script), options());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Collector implements Flow.Subscriber<ByteBuffer> {

    final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    final CompletableFuture<Void> done = new CompletableFuture<>();
    final List<ByteBuffer> buffers = Collections.synchronizedList(new ArrayList<>());
    volatile long demandAtFirst;
    volatile RuntimeException thrown;
    volatile Runnable onSubscribed = () -> {};

    long bytes() {
      synchronized (buffers) {
        return buffers.stream().mapToLong(ByteBuffer::remaining).sum();
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription.complete(given);
      if (demandAtFirst > 0) {
        given.request(demandAtFirst);
      }
      onSubscribed.run();
    }

    @Override
    public void onNext(ByteBuffer buffer) {
      buffers.add(buffer);
      RuntimeException wanted = thrown;
      if (wanted != null) {
        throw wanted;
      }
    }

    @Override
    public void onError(Throwable error) {
      done.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      done.complete(null);
    }
  }
}
