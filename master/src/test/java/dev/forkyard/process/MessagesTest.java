package dev.forkyard.process;

import static dev.forkyard.process.Forks.LIMIT;
import static dev.forkyard.process.Forks.get;
import static dev.forkyard.process.Forks.lines;
import static dev.forkyard.process.Forks.messages;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.forkyard.process.Forks.Messages;
import dev.forkyard.worker.ChannelClosedException;
import dev.forkyard.worker.ParentProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class MessagesTest {

  private static final int MANY = 10_000;
  private static final int MEBIBYTE = 1 << 20;

  @RegisterExtension final Forks forks = new Forks();

  /** A message with more than one field, and one inside another. */
  public record Order(int number, List<Item> items) {}

  /** A part of it. */
  public record Item(String name, double price) {}

  /** What can't be written as fields. */
  public static final class Opaque {}

  /** Sends back what it gets. */
  public static final class Echo {
    private Echo() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      for (Class<?> each :
          List.of(
              byte[].class,
              String.class,
              Integer.class,
              Long.class,
              Short.class,
              Byte.class,
              Character.class,
              Boolean.class,
              Double.class,
              Float.class,
              Order.class,
              DayOfWeek.class,
              StringValue.class)) {
        parent.onMessage(each, parent::send);
      }
    }
  }

  /** Sends numbers while it gets some, and says so when it has all, in order. */
  public static final class Crowd {
    private Crowd() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      AtomicInteger expected = new AtomicInteger();
      parent.onMessage(
          Integer.class,
          number -> {
            if (number != expected.getAndIncrement()) {
              parent.send("expected " + (expected.get() - 1) + " but got " + number);
            } else if (number == MANY - 1) {
              parent.send("all in order");
            }
          });
      for (int i = 0; i < MANY; i++) {
        parent.send(i);
      }
    }
  }

  @Test
  void tenThousandInBothDirectionsAtOnceArriveOnceEachAndInOrder() throws Exception {
    ForkedProcess child = forks.fork(Crowd.class);
    Messages<Integer> numbers = messages(child, Integer.class);
    Messages<String> verdict = messages(child, String.class);
    for (int i = 0; i < MANY; i++) {
      child.send(i);
    }
    assertThat(verdict.next()).isEqualTo("all in order");
    await().atMost(LIMIT).until(() -> numbers.queue().size() >= MANY);
    assertThat(numbers.queue())
        .containsExactlyElementsOf(IntStream.range(0, MANY).boxed().toList());
  }

  /** Takes no message before a byte comes on its standard input; then says how many there were. */
  public static final class Sluggard {
    private Sluggard() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      AtomicInteger count = new AtomicInteger();
      parent.onMessage(
          byte[].class,
          bytes -> {
            if (bytes[0] != (byte) count.getAndIncrement()) {
              parent.send(-1);
            }
            if (count.get() == 1) {
              waitForInput();
            }
          });
      parent.onMessage(String.class, end -> parent.send(count.get()));
    }

    static void waitForInput() {
      try {
        System.in.read();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void aChildThatDoesNotReadShowsAndIsSentNoMoreThanTheLimit() throws Exception {
    int limit = 4 * MEBIBYTE;
    ForkedProcess child =
        forks.fork(
            Sluggard.class,
            Forks.options()
                .jvmOptions(Forks.jvmOptions("-Xmx64m"))
                .stdin(Stdio.pipe())
                .maxBufferedBytes(limit));
    Messages<Integer> counts = messages(child, Integer.class);
    AtomicInteger sent = new AtomicInteger();
    AtomicBoolean shown = new AtomicBoolean();
    List<CompletableFuture<?>> written = new ArrayList<>();
    // The child's memory is bounded too: a quarter of its heap, and what the socket holds.
    assertThatIllegalStateException()
        .isThrownBy(
            () -> {
              while (sent.get() < 1000) {
                byte[] message = new byte[64 << 10];
                message[0] = (byte) sent.get();
                CompletableFuture<?> future = child.send(message);
                sent.incrementAndGet();
                written.add(future);
                if (!child.isWritable()) {
                  shown.set(true);
                  // A slow machine's child may only not have come to it.
                  waitABit(future);
                }
              }
            })
        .withMessageContaining("maxBufferedBytes (" + limit + ")")
        .withMessageMatching(".*: [0-9]{7} bytes of messages wait.*");
    // By now the child may have come to it after all, and taken some.
    assertThat(shown).isTrue();
    assertThat(child.isConnected()).isTrue();

    child.stdin().write('\n');
    child.stdin().flush();
    get(CompletableFuture.allOf(written.toArray(CompletableFuture[]::new)));
    assertThat(child.isWritable()).isTrue();
    child.send("how many?");
    assertThat(counts.next()).isEqualTo(sent.get());
  }

  private static void waitABit(CompletableFuture<?> future) {
    future.copy().completeOnTimeout(null, 20, TimeUnit.MILLISECONDS).join();
  }

  /** Sends a thousand times 64 KiB, and prints a line for each. */
  public static final class Prolific {
    private Prolific() {}

    public static void main(String[] args) {
      for (int i = 0; i < 1000; i++) {
        byte[] message = new byte[64 << 10];
        message[0] = (byte) i;
        ParentProcess.get().send(message);
        System.out.println(i);
      }
    }
  }

  @Test
  void aParentThatDoesNotListenMakesTheChildsSendWaitAndThenGetsAll() throws Exception {
    ForkedProcess child =
        forks.fork(Prolific.class, Forks.options().stdout(Stdio.pipe()).maxBufferedBytes(MEBIBYTE));
    Messages<String> progress = lines(child.stdout());
    AtomicInteger last = new AtomicInteger();
    await()
        .atMost(LIMIT)
        .during(Duration.ofMillis(500))
        .until(
            () -> {
              int now = progress.queue().size();
              // With fewer it has not come to the limit: it pauses for a reason of its own.
              return last.getAndSet(now) == now && now >= 16;
            });
    assertThat(last.get()).as("messages that the child could send").isLessThanOrEqualTo(128);

    Messages<byte[]> arrived = messages(child, byte[].class);
    for (int i = 0; i < 1000; i++) {
      assertThat(arrived.next()[0]).isEqualTo((byte) i);
    }
  }

  @Test
  void theReadingGoesOnEachTimeThatASlowListenerHasMadeRoom() throws Exception {
    ForkedProcess child = forks.fork(Crowd.class, Forks.options().maxBufferedBytes(64 << 10));
    AtomicInteger count = new AtomicInteger();
    CompletableFuture<Integer> all = new CompletableFuture<>();
    child.onMessage(
        Integer.class,
        number -> {
          if (number % 100 == 0) {
            Thread.yield();
          }
          if (count.incrementAndGet() == MANY) {
            all.complete(number);
          }
        });
    assertThat(get(all)).isEqualTo(MANY - 1);
  }

  /** Sends three numbers, disconnects, and prints what comes of it. */
  public static final class Leaver {
    private Leaver() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      AtomicInteger disconnects = new AtomicInteger();
      parent.onMessage(String.class, text -> System.out.println("heard " + text));
      for (int i = 0; i < 3; i++) {
        parent.send(i);
      }
      CompletableFuture<Void> counted = parent.onDisconnect().thenRun(disconnects::incrementAndGet);
      parent.disconnect();
      parent.disconnect();
      counted.join();
      print("send", parent.send("late"));
      print("strict", parent.sendStrict("late"));
      System.out.println(disconnects.get() + " disconnect, connected: " + parent.isConnected());
    }

    static void print(String what, CompletableFuture<?> future) {
      future.whenComplete(
          (done, error) -> System.out.println(what + " " + error.getClass().getSimpleName()));
    }
  }

  @Test
  void aChildThatDisconnectsIsHeardToTheEndAndBothSidesAreToldOnce() throws Exception {
    ForkedProcess child = forks.fork(Leaver.class, Forks.options().stdout(Stdio.pipe()));
    Messages<String> lines = lines(child.stdout());
    Messages<Integer> numbers = messages(child, Integer.class);
    CompletableFuture<List<Integer>> heardBefore =
        child.onDisconnect().thenApply(done -> List.copyOf(numbers.queue()));
    assertThat(get(heardBefore)).containsExactly(0, 1, 2);
    assertThat(lines.next()).isEqualTo("send ChannelClosedException");
    assertThat(lines.next()).isEqualTo("strict ChannelClosedException");
    assertThat(lines.next()).isEqualTo("1 disconnect, connected: false");
    assertThat(child.isConnected()).isFalse();
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
    assertClosed(child);
  }

  private static void assertClosed(ForkedProcess child) {
    assertThat(child.isWritable()).isFalse();
    assertThat(child.send("late"))
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withCauseInstanceOf(ChannelClosedException.class)
        .withMessageContaining("closed");
    assertThat(child.sendStrict("late"))
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withCauseInstanceOf(ChannelClosedException.class);
  }

  /** Prints what it hears, and that it was disconnected. */
  public static final class Left {
    private Left() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      AtomicInteger sum = new AtomicInteger();
      parent.onMessage(Integer.class, sum::addAndGet);
      parent
          .onDisconnect()
          .thenRun(
              () -> {
                System.out.println("sum " + sum + ", connected: " + parent.isConnected());
                Leaver.print("send", parent.send("late"));
              });
    }
  }

  @Test
  void aParentThatDisconnectsIsHeardToTheEndAndBothSidesAreToldOnce() throws Exception {
    ForkedProcess child = forks.fork(Left.class, Forks.options().stdout(Stdio.pipe()));
    Messages<String> lines = lines(child.stdout());
    AtomicInteger disconnects = new AtomicInteger();
    CompletableFuture<Void> counted = child.onDisconnect().thenRun(disconnects::incrementAndGet);
    for (int i = 1; i <= 1000; i++) {
      child.send(i);
    }
    child.disconnect();
    child.disconnect();
    assertClosed(child);
    assertThat(lines.next()).isEqualTo("sum 500500, connected: false");
    assertThat(lines.next()).isEqualTo("send ChannelClosedException");
    get(counted);
    // Its main has returned and nothing more can be heard.
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
    assertThat(disconnects).hasValue(1);
  }

  @Test
  void whatTheParentHasNotWrittenYetWhenTheChildDisconnectsStillArrives() throws Exception {
    ForkedProcess child =
        forks.fork(
            Bidder.class,
            Forks.options()
                .jvmOptions(Forks.jvmOptions("-Xmx64m"))
                .stdin(Stdio.pipe())
                .stdout(Stdio.pipe()));
    Messages<String> lines = lines(child.stdout());
    // More than the socket and the child's inbox hold: a part of it waits here.
    for (int i = 0; i < 40; i++) {
      child.send(new byte[MEBIBYTE]);
    }
    assertThat(lines.next()).isEqualTo("listening");
    child.stdin().write('\n');
    child.stdin().flush();
    assertThat(lines.next()).isEqualTo("40 heard");
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
  }

  /** Disconnects when told to on its input, and prints how much it had heard by the end. */
  public static final class Bidder {
    private Bidder() {}

    public static void main(String[] args) throws IOException {
      ParentProcess parent = ParentProcess.get();
      AtomicInteger count = new AtomicInteger();
      parent.onDisconnect().thenRun(() -> System.out.println(count + " heard"));
      System.out.println("listening");
      System.in.read();
      parent.disconnect();
      parent.onMessage(byte[].class, bytes -> count.incrementAndGet());
    }
  }

  /** Disconnects as soon as it hears something, in the listener. */
  public static final class Offended {
    private Offended() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          String.class,
          text -> {
            parent.send("goodbye");
            parent.disconnect();
          });
    }
  }

  @Test
  void eachSideMayDisconnectInAListenerAndBothAtOnce() throws Exception {
    ForkedProcess child = forks.fork(Offended.class);
    CompletableFuture<String> heard = new CompletableFuture<>();
    child.onMessage(
        String.class,
        text -> {
          child.disconnect();
          heard.complete(text);
        });
    child.send("hello");
    assertThat(get(heard)).isEqualTo("goodbye");
    get(child.onDisconnect());
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
  }

  @Test
  void aChildThatIgnoresTheFarewellIsDisconnectedAfterAWhile() throws Exception {
    ForkedProcess child = forks.fork(Echo.class);
    Messages<String> texts = messages(child, String.class);
    child.send("ready?");
    texts.next();
    child.kill("SIGSTOP");
    await().atMost(LIMIT).until(() -> isStopped(child.pid()));
    child.disconnect();
    get(child.onDisconnect());
    assertThat(child.isAlive()).isTrue();
    assertClosed(child);
  }

  private static boolean isStopped(long pid) throws IOException {
    Path stat = Path.of("/proc/" + pid + "/stat");
    return !Files.exists(stat) || Files.readString(stat).matches("(?s).*\\) T .*");
  }

  @Test
  void aChildThatIsDisconnectedBeforeItIsThereGetsWhatWasSentBefore() throws Exception {
    ForkedProcess child = forks.fork(Left.class, Forks.options().stdout(Stdio.pipe()));
    child.send(7);
    child.disconnect();
    assertThat(child.isConnected()).isFalse();
    Messages<String> lines = lines(child.stdout());
    assertThat(lines.next()).isEqualTo("sum 7, connected: false");
    get(child.onDisconnect());
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
  }

  @Test
  void sendingAndDisconnectingAtOnceLeavesNoFutureOpen() throws Exception {
    ForkedProcess child = forks.fork(Left.class, Forks.options().stdout(Stdio.ignore()));
    List<CompletableFuture<?>> sent = new ArrayList<>();
    CompletableFuture<Void> disconnect = CompletableFuture.runAsync(child::disconnect);
    for (int i = 0; i < 1000; i++) {
      sent.add(child.send(i));
      sent.add(child.sendStrict(i));
    }
    get(disconnect);
    get(child.onExit());
    for (CompletableFuture<?> each : sent) {
      assertThat(each.handle((done, error) -> true)).succeedsWithin(LIMIT);
    }
  }

  @Test
  void textThatLooksLikeAControlMessageIsText() throws Exception {
    ForkedProcess child = forks.fork(Echo.class);
    Messages<String> texts = messages(child, String.class);
    for (String text :
        List.of(
            "{\"cmd\":\"NODE_disconnect\"}",
            "goodbye",
            "disconnect",
            "",
            "\0\0\0\0",
            new String(new byte[] {4, 90, 2, 10, 0}, StandardCharsets.ISO_8859_1),
            "java.lang.String",
            "Grüße 🙂")) {
      child.send(text);
      assertThat(texts.next()).isEqualTo(text);
    }
    assertThat(child.isConnected()).isTrue();
  }

  /** Sends messages of two types, then prints that it has. */
  public static final class Early {
    private Early() {}

    public static void main(String[] args) throws IOException {
      ParentProcess parent = ParentProcess.get();
      for (int i = 0; i < 100; i++) {
        parent.send(i);
        parent.send("text " + i);
      }
      System.out.println("sent");
      System.in.read();
      parent.onMessage(Long.class, parent::send);
      parent.onMessage(Double.class, parent::send);
    }
  }

  @Test
  void whatComesBeforeTheListenerIsKeptInOrderForEachTypeOnBothSides() throws Exception {
    ForkedProcess child =
        forks.fork(Early.class, Forks.options().stdin(Stdio.pipe()).stdout(Stdio.pipe()));
    List<CompletableFuture<?>> sent = new ArrayList<>();
    for (long i = 0; i < 100; i++) {
      sent.add(child.send(i));
      sent.add(child.send((double) i));
    }
    get(CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)));
    assertThat(lines(child.stdout()).next()).isEqualTo("sent");
    Messages<String> texts = messages(child, String.class);
    Messages<Integer> numbers = messages(child, Integer.class);
    for (int i = 0; i < 100; i++) {
      assertThat(numbers.next()).isEqualTo(i);
      assertThat(texts.next()).isEqualTo("text " + i);
    }

    child.stdin().close();
    Messages<Long> longs = messages(child, Long.class);
    Messages<Double> doubles = messages(child, Double.class);
    for (long i = 0; i < 100; i++) {
      assertThat(longs.next()).isEqualTo(i);
      assertThat(doubles.next()).isEqualTo((double) i);
    }
  }

  /** Registers its second listener when its channel is closed already. */
  public static final class Belated {
    private Belated() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(Integer.class, number -> System.out.println("number " + number));
      parent.onDisconnect().join();
      parent.onMessage(String.class, text -> System.out.println("text " + text));
    }
  }

  @Test
  void whatWasKeptIsHeardAlsoByAListenerThatComesAfterTheEnd() throws Exception {
    ForkedProcess child = forks.fork(Belated.class, Forks.options().stdout(Stdio.pipe()));
    Messages<String> lines = lines(child.stdout());
    child.send("kept");
    child.send(1);
    child.disconnect();
    assertThat(lines.next()).isEqualTo("number 1");
    assertThat(lines.next()).isEqualTo("text kept");
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
  }

  @Test
  void messagesOfEverySizeAreTheSameOnBothSides() throws Exception {
    ForkedProcess child = forks.fork(Echo.class);
    Messages<byte[]> echoes = messages(child, byte[].class);
    for (int size : List.of(0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, MEBIBYTE)) {
      assertEchoed(child, echoes, size);
    }
  }

  @Test
  void soIsAHugeOne() throws Exception {
    ForkedProcess child =
        forks.fork(Echo.class, Forks.options().jvmOptions(Forks.jvmOptions("-Xmx512m")));
    assertEchoed(child, messages(child, byte[].class), 100 * MEBIBYTE);
  }

  private static void assertEchoed(ForkedProcess child, Messages<byte[]> echoes, int size)
      throws Exception {
    byte[] message = new byte[size];
    new Random(size).nextBytes(message);
    child.send(message);
    assertThat(Arrays.equals(echoes.next(), message)).as("echo of " + size + " bytes").isTrue();
  }

  @Test
  void oneThatHasNoRoomInTheChildEndsTheChannelAndBothAreTold() throws Exception {
    ForkedProcess child =
        forks.fork(
            Echo.class,
            Forks.options().stderr(Stdio.ignore()).jvmOptions(Forks.jvmOptions("-Xmx24m")));
    Messages<String> answers = messages(child, String.class);
    child.send("hello");
    assertThat(answers.next()).isEqualTo("hello");
    CompletableFuture<?> taken = child.sendStrict(new byte[100 * MEBIBYTE]);
    assertThatThrownBy(() -> get(taken)).hasCauseInstanceOf(ChannelClosedException.class);
    get(child.onDisconnect());
    get(child.onExit());
  }

  @Test
  void oneThatHasNoRoomInTheParentEndsTheChannelAndItIsTold() throws Exception {
    ChildProcess parent =
        forks.spawn(
            SpawnOptions.builder().stderr(Stdio.ignore()),
            OtherJvm.command(List.of("-Xmx40m"), Cramped.class).toArray(String[]::new));
    assertThat(new String(parent.stdout().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo("disconnected, ended\n");
  }

  /** Gets a message for which it has no room. */
  static final class Cramped {
    public static void main(String[] args) throws Exception {
      ForkedProcess child =
          ChildProcess.fork(
              Lavish.class,
              Forks.options()
                  .jvmOptions(Forks.jvmOptions("-Xmx256m"))
                  .maxMessageBytes(128 * MEBIBYTE)
                  .build());
      child.onMessage(byte[].class, message -> System.out.println(message.length));
      get(child.onDisconnect());
      // With 1 if it saw the end before it had sent all.
      get(child.onExit());
      System.out.println("disconnected, ended");
    }
  }

  /** Sends a large message. */
  public static final class Lavish {
    private Lavish() {}

    public static void main(String[] args) {
      ParentProcess.get().send(new byte[100 * MEBIBYTE]);
    }
  }

  /** Sends a message that is too large, says what it got for it, and then one that is not. */
  public static final class Wordy {
    private Wordy() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      try {
        parent.send(new byte[70_000]);
      } catch (IllegalArgumentException e) {
        parent.send(e.getMessage());
      }
      parent.send(new byte[65_536]);
    }
  }

  @Test
  void aMessageThatIsTooLargeIsRefusedOnEitherSideAndTheChannelLivesOn() throws Exception {
    ForkedProcess child =
        forks.fork(Wordy.class, Forks.options().maxMessageBytes(65_536).stdin(Stdio.pipe()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> child.send(new byte[70_000]))
        .withMessageContainingAll("70000", "maxMessageBytes (65536)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> child.sendStrict(new byte[70_000]))
        .withMessageContainingAll("70000", "maxMessageBytes (65536)");
    assertThat(messages(child, String.class).next()).contains("70000", "65536", "maxMessageBytes");
    assertThat(messages(child, byte[].class).next()).hasSize(65_536);
  }

  @Test
  void messagesOfAllTypesArriveAsWhatTheyWere() throws Exception {
    ForkedProcess child = forks.fork(Echo.class);
    for (Object message :
        List.of(
            "text",
            1,
            2L,
            (short) 3,
            (byte) 4,
            'c',
            true,
            0.5,
            0.25f,
            new Order(7, List.of(new Item("nail", 0.01), new Item("screw", 0.02))),
            DayOfWeek.FRIDAY,
            StringValue.of("protobuf"))) {
      child.send(message);
      assertThat((Object) messages(child, message.getClass()).next()).isEqualTo(message);
    }
    child.send(new byte[] {1, 2, 3});
    assertThat(messages(child, byte[].class).next()).containsExactly(1, 2, 3);
  }

  @Test
  void aMessageThatHasNoFormIsRefusedByName() {
    ForkedProcess child = forks.fork(Echo.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> child.send(new Opaque()))
        .withMessageContaining(Opaque.class.getName());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> child.send(List.of(1, 2)))
        .withMessageContaining("record");
    assertThatThrownBy(() -> child.send(null)).isInstanceOf(NullPointerException.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> child.onMessage(int.class, number -> {}))
        .withMessageContaining("int");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> child.onMessage(CharSequence.class, text -> {}))
        .withMessageContaining("java.lang.CharSequence");
    child.onMessage(String.class, text -> {});
    assertThatIllegalStateException()
        .isThrownBy(() -> child.onMessage(String.class, text -> {}))
        .withMessageContaining("java.lang.String");
  }

  /** Throws at every message but the last, and leaves an interrupt behind. */
  public static final class Clumsy {
    private Clumsy() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          String.class,
          text -> {
            Thread.currentThread().interrupt();
            if (!text.equals("last")) {
              throw new IllegalStateException("clumsy at " + text);
            }
            parent.send("survived");
          });
      parent.onMessage(Narrow.class, narrow -> {});
    }
  }

  /** Refuses what is larger, also when it is read. */
  public record Narrow(int width) {
    public Narrow {
      if (width > 10 && ParentProcess.isForked()) {
        throw new IllegalArgumentException("too wide");
      }
    }
  }

  @Test
  void aListenerThatThrowsAndAMessageThatCannotBeReadStopNothingElse() throws Exception {
    ForkedProcess child = forks.fork(Clumsy.class, Forks.options().stderr(Stdio.pipe()));
    Messages<String> errors = lines(child.stderr());
    child.send("first");
    child.send(new Narrow(11));
    child.send("last");
    assertThat(messages(child, String.class).next()).isEqualTo("survived");
    child.disconnect();
    assertThat(get(child.onClose()).exitCode()).hasValue(0);
    assertThat(errors.queue())
        .anyMatch(line -> line.contains("clumsy at first"))
        .anyMatch(line -> line.contains("Narrow could not be decoded"));
  }

  @Test
  void aListenerThatThrowsInTheParentStopsNothingElse() throws Exception {
    ForkedProcess child = forks.fork(Echo.class);
    CompletableFuture<Boolean> second = new CompletableFuture<>();
    child.onMessage(
        String.class,
        text -> {
          if (text.equals("second")) {
            second.complete(Thread.currentThread().isInterrupted());
            return;
          }
          Thread.currentThread().interrupt();
          throw new QuietException();
        });
    child.send("first");
    child.send("second");
    assertThat(get(second)).isFalse();
  }

  /** Not to fill the console of the build. */
  private static final class QuietException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QuietException() {
      super("thrown by a listener, as it is meant", null, false, false);
    }
  }

  /** Sends with its interrupt status set, and from a thread that is interrupted while it waits. */
  public static final class Interrupted {
    private Interrupted() {}

    public static void main(String[] args) throws Exception {
      ParentProcess parent = ParentProcess.get();
      Thread.currentThread().interrupt();
      parent.send("interrupted");
      Thread writer =
          new Thread(
              () -> {
                for (int i = 0; i < 64; i++) {
                  parent.send(new byte[64 << 10]);
                }
                parent.send("still " + Thread.currentThread().isInterrupted());
              });
      writer.start();
      System.out.println(Thread.interrupted());
      while (System.in.read() >= 0) {
        writer.interrupt();
      }
      System.out.println("done");
      writer.join();
    }
  }

  @Test
  void anInterruptOfASenderDoesNotCloseTheChannel() throws Exception {
    ForkedProcess child =
        forks.fork(
            Interrupted.class,
            Forks.options().stdin(Stdio.pipe()).stdout(Stdio.pipe()).maxBufferedBytes(MEBIBYTE));
    Messages<String> lines = lines(child.stdout());
    assertThat(lines.next()).isEqualTo("true");
    Messages<String> texts = messages(child, String.class);
    assertThat(texts.next()).isEqualTo("interrupted");
    child.stdin().write(new byte[10]);
    child.stdin().close();
    // Its writer waits until somebody listens, and must not be done before it is interrupted.
    assertThat(lines.next()).isEqualTo("done");
    Messages<byte[]> arrived = messages(child, byte[].class);
    for (int i = 0; i < 64; i++) {
      arrived.next();
    }
    assertThat(texts.next()).isEqualTo("still true");
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
  }

  /** Takes strings, and ends without taking numbers when it is told to. */
  public static final class Picky {
    private Picky() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          String.class,
          text -> {
            switch (text) {
              case "exit" -> System.exit(0);
              case "disconnect" -> parent.disconnect();
              default -> {}
            }
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit", "disconnect"})
  void strictTellsWhetherAListenerOfTheChildHasTakenIt(String end) throws Exception {
    ForkedProcess child = forks.fork(Picky.class);
    get(child.sendStrict("take this"));
    CompletableFuture<?> never = child.sendStrict(1);
    get(child.send(end));
    assertThat(never)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withCauseInstanceOf(ChannelClosedException.class);
    get(child.onExit());
  }

  /** Sends what is taken and what is not, and prints what comes of it. */
  public static final class Strict {
    private Strict() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.sendStrict("take this").join();
      System.out.println("taken");
      CompletableFuture<?> never = parent.sendStrict(1);
      parent.send("disconnect");
      try {
        never.join();
      } catch (java.util.concurrent.CompletionException e) {
        System.out.println(e.getCause().getClass().getSimpleName());
      }
    }
  }

  @Test
  void strictTellsWhetherAListenerOfTheParentHasTakenIt() throws Exception {
    ForkedProcess child = forks.fork(Strict.class, Forks.options().stdout(Stdio.pipe()));
    Messages<String> lines = lines(child.stdout());
    child.onMessage(
        String.class,
        text -> {
          if (text.equals("disconnect")) {
            child.disconnect();
          }
        });
    assertThat(lines.next()).isEqualTo("taken");
    assertThat(lines.next()).isEqualTo("ChannelClosedException");
    assertThat(get(child.onExit()).exitCode()).hasValue(0);
  }

  /** Says at the first number that it has begun, and then waits for a byte on its input. */
  public static final class Dawdler {
    private Dawdler() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          Integer.class,
          number -> {
            parent.send("heard " + number);
            if (number == 0) {
              Sluggard.waitForInput();
            }
          });
    }
  }

  @Test
  void whatAListenerSendsIsWrittenThoughItTakesLongAndMoreLiesThere() throws Exception {
    ForkedProcess child = forks.fork(Dawdler.class, Forks.options().stdin(Stdio.pipe()));
    Messages<String> texts = messages(child, String.class);
    // They wait until the child is there, and come to it at once.
    for (int i = 0; i < 100; i++) {
      child.send(i);
    }
    assertThat(texts.next()).isEqualTo("heard 0");
    child.stdin().write('\n');
    child.stdin().flush();
    for (int i = 1; i < 100; i++) {
      assertThat(texts.next()).isEqualTo("heard " + i);
    }
  }

  /**
   * Waits in its listener until the parent has taken something, and sends what it gets for that.
   */
  public static final class Impatient {
    private Impatient() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          String.class,
          text -> {
            try {
              parent.sendStrict(1).thenApply(done -> done).join();
            } catch (IllegalStateException e) {
              parent.send(e.getMessage());
            }
          });
    }
  }

  @Test
  void aListenerThatWaitsForWhatOnlyItsThreadCanBringIsRefusedOnBothSides() throws Exception {
    ForkedProcess child = forks.fork(Impatient.class);
    CompletableFuture<String> childs = new CompletableFuture<>();
    CompletableFuture<Throwable> own = new CompletableFuture<>();
    child.onMessage(
        String.class,
        text -> {
          childs.complete(text);
          try {
            child.sendStrict("again").get(LIMIT.toSeconds(), TimeUnit.SECONDS);
          } catch (Exception e) {
            own.complete(e);
          }
        });
    child.send("wait");
    assertThat(get(childs)).contains("a listener can't wait");
    assertThat(get(own))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a listener can't wait until the child has taken");
  }

  @Test
  void aListenerMayWaitUntilWhatItSendsIsWritten() throws Exception {
    ForkedProcess child = forks.fork(Echo.class);
    Messages<byte[]> echoes = messages(child, byte[].class);
    CompletableFuture<Void> written = new CompletableFuture<>();
    child.onMessage(
        String.class,
        text -> {
          child.send(new byte[3 * MEBIBYTE]).join();
          written.complete(null);
        });
    child.send("go on");
    get(written);
    assertThat(echoes.next()).hasSize(3 * MEBIBYTE);
  }
}
