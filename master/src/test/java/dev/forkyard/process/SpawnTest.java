package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.process.ProcessStartException.Reason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Programs that run beside this one: their streams, their socket, and how their end is told. */
@Timeout(60)
class SpawnTest {

  @RegisterExtension private final Marked children = new Marked();

  @TempDir private Path directory;

  private ChildProcess shell(String script, SpawnOptions.Builder options) {
    return ChildProcess.spawn(List.of("sh", "-c", script), options.build());
  }

  private ChildProcess shell(String script) {
    return shell(script, children.spawn());
  }

  private static String text(ChildOutput output) throws IOException {
    return new String(output.readAllBytes(), UTF_8);
  }

  @Test
  void aChildIsWhatItsCommandSays() throws Exception {
    ChildProcess child = children.spawn("sleep", "1000");
    assertThat(child.command()).containsExactly("sleep", "1000");
    assertThat(child.isAlive()).isTrue();
    await().atMost(LIMIT).until(() -> Marked.commandLine(child.pid()).equals("sleep 1000"));
    assertThat(child).hasToString("process " + child.pid() + " (sleep 1000)");
    get(child.killTree());
    get(child.onExit());
    assertThat(child.isAlive()).isFalse();
  }

  @Test
  void aChildIsTalkedWithOverItsStreams() throws Exception {
    ChildProcess child = shell("while read -r line; do echo \"heard $line\"; done");
    OutputStream stdin = child.stdin();
    for (String word : List.of("one", "two")) {
      stdin.write((word + "\n").getBytes(UTF_8));
      stdin.flush();
      String answer = "heard " + word + "\n";
      assertThat(child.stdout().readNBytes(answer.length())).asString(UTF_8).isEqualTo(answer);
    }
    stdin.close();
    assertThat(get(child.onClose()).success()).isTrue();
  }

  @Test
  void tenMegabytesThroughCatComeBack() throws Exception {
    ChildProcess child = children.spawn("cat");
    byte[] bytes = new byte[10 << 20];
    new Random(2).nextBytes(bytes);
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(
            () -> {
              try (OutputStream in = child.stdin()) {
                in.write(bytes);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            task -> new Thread(task).start());
    assertThat(child.stdout().readAllBytes()).isEqualTo(bytes);
    get(written);
    get(child.onClose());
  }

  @Test
  void theExitIsToldBeforeTheCloseAndEachOnce() throws Exception {
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    ChildProcess child = shell("read -r line; exit 3");
    CompletableFuture<?> close = child.onClose().thenAccept(status -> told.add("close " + status));
    CompletableFuture<?> exit = child.onExit().thenAccept(status -> told.add("exit " + status));
    child.stdin().close();
    get(CompletableFuture.allOf(exit, close));
    assertThat(told).containsExactly("exit exited with code 3", "close exited with code 3");
    // Whoever asks later is told too, and nobody can spoil it for others.
    child.onExit().complete(new ExitStatus(9));
    assertThat(get(child.onExit()).exitCode()).hasValue(3);
    child.onClose().cancel(true);
    assertThat(get(child.onClose()).exitCode()).hasValue(3);
  }

  @Test
  void theExitIsToldThoughTheOutputIsStillHeldOpen() throws Exception {
    ChildProcess child = shell("sleep 1000 & echo out");
    get(child.onExit());
    assertThat(child.onClose()).isNotDone();
    assertThat(child.stdout().readNBytes(4)).asString(UTF_8).isEqualTo("out\n");
    await().atMost(LIMIT).until(() -> children.alive("sleep 1000").size() == 1);
    children.killAll();
    get(child.onClose());
  }

  @Test
  void fiftyMegabytesWrittenJustBeforeTheExitAllArriveBeforeTheClose() throws Exception {
    ChildProcess child = children.spawn("head", "-c", "52428800", "/dev/zero");
    AtomicLong bytes = new AtomicLong();
    child.stdout().publisher().subscribe(new Counter(bytes));
    CompletableFuture<Long> atClose = child.onClose().thenApply(status -> bytes.get());
    assertThat(get(atClose)).isEqualTo(50 << 20);
  }

  private record Counter(AtomicLong bytes) implements Flow.Subscriber<ByteBuffer> {

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ByteBuffer buffer) {
      bytes.addAndGet(buffer.remaining());
    }

    @Override
    public void onError(Throwable error) {
      throw new AssertionError(error);
    }

    @Override
    public void onComplete() {}
  }

  @Test
  void errorsThatAreMergedComeInTheOrderInWhichTheyWereWritten() throws Exception {
    ChildProcess child =
        shell(
            "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done",
            children.spawn().mergeErrors());
    List<String> expected = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      expected.add("out " + i);
      expected.add("err " + i);
    }
    assertThat(text(child.stdout()).lines()).containsExactlyElementsOf(expected);
    assertNoPipe("stderr", child::stderr);
  }

  @Test
  void errorsThatAreMergedGoToTheFileOfTheOutput() throws Exception {
    Path file = directory.resolve("both");
    ChildProcess child =
        shell("echo out; echo err >&2", children.spawn().stdout(Stdio.file(file)).mergeErrors());
    get(child.onClose());
    assertThat(file).hasContent("out\nerr\n");
  }

  @Test
  void anIgnoredInputIsEmptyAndAnIgnoredOutputIsDropped() throws Exception {
    ChildProcess child =
        shell(
            "cat; echo out; echo err >&2",
            children.spawn().stdin(Stdio.ignore()).stdout(Stdio.ignore()).stderr(Stdio.ignore()));
    assertThat(get(child.onClose()).success()).isTrue();
    assertNoPipe("stdin", child::stdin);
    assertNoPipe("stdout", child::stdout);
    assertNoPipe("stderr", child::stderr);
  }

  private static void assertNoPipe(String name, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(name + " is no pipe");
  }

  @Test
  void aFileIsReadMadeAnewOrAddedTo() throws Exception {
    Path input = Files.writeString(directory.resolve("input"), "words\n");
    Path out = Files.writeString(directory.resolve("out"), "old and longer than the new\n");
    Path log = directory.resolve("log");
    SpawnOptions.Builder options =
        children
            .spawn()
            .stdin(Stdio.file(input))
            .stdout(Stdio.file(out))
            .stderr(Stdio.appendTo(log));
    for (int i = 0; i < 2; i++) {
      get(shell("cat; echo line >&2", options).onClose());
    }
    assertThat(out).hasContent("words\n");
    assertThat(log).hasContent("line\nline\n");
  }

  @Test
  void aStreamThatCanNotBeIsRefusedBeforeAnythingStarts() {
    Path missing = directory.resolve("missing/file");
    assertThatThrownBy(() -> Stdio.file(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Stdio.appendTo(null)).isInstanceOf(NullPointerException.class);
    assertRefused("stdin", children.spawn().stdin(Stdio.file(missing)));
    assertRefused("stdin", children.spawn().stdin(Stdio.file(directory)));
    assertRefused("stdin", children.spawn().stdin(Stdio.appendTo(directory.resolve("log"))));
    assertRefused("stdout", children.spawn().stdout(Stdio.file(missing)));
    assertRefused("stdout", children.spawn().stdout(Stdio.file(directory)));
    assertRefused("stderr", children.spawn().stderr(Stdio.appendTo(missing)));
    assertRefused("stderr", children.spawn().stderr(Stdio.file(directory)));
    assertThat(directory).isEmptyDirectory();
  }

  private void assertRefused(String naming, SpawnOptions.Builder options) {
    Path started = directory.resolve("started");
    assertThatThrownBy(() -> shell("touch " + started, options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(naming)
        .hasMessageContaining(directory.toString());
  }

  @Test
  void whatCanNotBeStartedIsToldAtOnce() {
    assertNotStarted(
        Reason.NOT_FOUND, () -> children.spawn("forkyard-no-such-program"), "no-such-program");
    Path missing = directory.resolve("missing");
    assertNotStarted(
        Reason.NO_DIRECTORY,
        () -> shell("true", children.spawn().directory(missing)),
        missing.toString());
    assertThatThrownBy(() -> children.spawn("a\0b")).isInstanceOf(IllegalArgumentException.class);
  }

  private static void assertNotStarted(Reason reason, Runnable action, String naming) {
    assertThatThrownBy(action::run)
        .hasMessageContaining(naming)
        .isInstanceOfSatisfying(
            ProcessStartException.class, thrown -> assertThat(thrown.reason()).isEqualTo(reason));
  }

  @Test
  void aChildThatConnectsToItsSocketTalksInBothDirections() throws Exception {
    ChildProcess child = connecting("");
    try (SocketChannel channel = child.socket()) {
      assertThat(read(channel, 5)).isEqualTo("hello");
      channel.write(ByteBuffer.wrap("bye".getBytes(UTF_8)));
      channel.shutdownOutput();
      get(child.onExit());
      assertThat(read(channel, 3)).isEqualTo("bye");
    }
    assertThatThrownBy(child::socket).isInstanceOf(IOException.class).hasMessageContaining("taken");
  }

  @Test
  void whatAChildWroteToItsSocketBeforeItEndedIsThere() throws Exception {
    ChildProcess child = connecting("ends");
    get(child.onExit());
    try (SocketChannel channel = child.socket()) {
      assertThat(read(channel, 5)).isEqualTo("hello");
    }
  }

  @Test
  void aChildThatEndsWithoutConnectingLeavesNobodyWaiting() throws Exception {
    ChildProcess child = shell("read -r line", children.spawn().socket());
    CompletableFuture<SocketChannel> waiting = socket(child);
    child.stdin().close();
    assertThat(waiting)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(IOException.class)
        .withMessageContaining("without connecting");
    assertThatThrownBy(child::socket).isInstanceOf(IOException.class);
  }

  @Test
  void anInterruptEndsTheWaitForTheSocket() throws Exception {
    ChildProcess child = shell("read -r line", children.spawn().socket());
    CompletableFuture<SocketChannel> waiting = new CompletableFuture<>();
    Thread thread = new Thread(() -> complete(waiting, child));
    thread.start();
    thread.interrupt();
    assertThat(waiting)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(InterruptedIOException.class);
    child.stdin().close();
  }

  @Test
  void aProcessWhoseOutputCanNotBeReadIsKilledAndNoLongerGuarded() throws Exception {
    Path heard = directory.resolve("heard");
    String script = "while read -r line; do echo $line >>" + heard + "; done";
    try (ProcessGuard guard = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      SpawnOptions options = children.spawn().guard(guard).pipes(UnreadablePipe::new).build();
      assertThatThrownBy(() -> ChildProcess.spawn(List.of("sleep", "1000"), options))
          .isInstanceOf(OutOfMemoryError.class);
      children.awaitNoneLeft();
      await()
          .atMost(LIMIT)
          .until(() -> Files.exists(heard) && Files.readAllLines(heard).size() > 1);
    }
    assertThat(Files.readAllLines(heard))
        .satisfiesExactly(
            first -> assertThat(first).startsWith("watch "),
            second -> assertThat(second).startsWith("forget "));
  }

  @Test
  void aChildThatWasOfferedNoSocketHasNone() throws Exception {
    ChildProcess child = shell("echo \"[$FORKYARD_SOCKET]\"");
    assertThatThrownBy(child::socket).isInstanceOf(IllegalStateException.class);
    assertThat(text(child.stdout())).isEqualTo("[]\n");
  }

  private static CompletableFuture<SocketChannel> socket(ChildProcess child) {
    CompletableFuture<SocketChannel> future = new CompletableFuture<>();
    new Thread(() -> complete(future, child)).start();
    return future;
  }

  private static void complete(CompletableFuture<SocketChannel> future, ChildProcess child) {
    try {
      future.complete(child.socket());
    } catch (IOException | RuntimeException e) {
      future.completeExceptionally(e);
    }
  }

  private ChildProcess connecting(String argument) {
    return ChildProcess.spawn(
        OtherJvm.command(List.of(), Connects.class, argument),
        children.spawn().socket().stdout(Stdio.inherit()).stderr(Stdio.inherit()).build());
  }

  private static String read(SocketChannel channel, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // As much as is wanted.
    }
    return new String(buffer.array(), 0, buffer.position(), UTF_8);
  }

  /** Says hello over the socket that it is offered, and then what it hears. */
  static final class Connects {

    public static void main(String[] args) throws IOException {
      Path path = Path.of(System.getenv(ChildProcess.SOCKET_VARIABLE));
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(UnixDomainSocketAddress.of(path));
        channel.write(ByteBuffer.wrap("hello".getBytes(UTF_8)));
        if (args[0].isEmpty()) {
          channel.write(ByteBuffer.wrap(read(channel, 3).getBytes(UTF_8)));
        }
      }
    }
  }
}
