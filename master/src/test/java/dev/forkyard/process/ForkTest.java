package dev.forkyard.process;

import static dev.forkyard.process.Forks.LIMIT;
import static dev.forkyard.process.Forks.awaitGone;
import static dev.forkyard.process.Forks.get;
import static dev.forkyard.process.Forks.lines;
import static dev.forkyard.process.Forks.messages;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.forkyard.process.Forks.Messages;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.worker.ChannelClosedException;
import dev.forkyard.worker.ParentProcess;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class ForkTest {

  @RegisterExtension final Forks forks = new Forks();

  @TempDir private Path directory;

  /** Sends a hundred numbers and ends at once, in the way that it is told. */
  public static final class LastWords {
    private LastWords() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      if (args[0].equals("hook")) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> speak(parent)));
        System.exit(7);
      }
      speak(parent);
      switch (args[0]) {
        case "exit" -> System.exit(7);
        case "halt" -> Runtime.getRuntime().halt(7);
        default -> {}
      }
    }

    private static void speak(ParentProcess parent) {
      for (int i = 0; i < 100; i++) {
        parent.send(i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit", "halt", "return", "hook"})
  void theLastMessageArrivesBeforeTheDisconnectAndThatBeforeTheExit(String end) throws Exception {
    ForkedProcess child = forks.fork(LastWords.class, end);
    List<Object> events = Collections.synchronizedList(new ArrayList<>());
    child.onDisconnect().thenRun(() -> events.add("disconnect"));
    child.onExit().thenRun(() -> events.add("exit"));
    child.onMessage(Integer.class, events::add);
    // What the child leaves unread resets its connection, which must not cost what it wrote.
    for (int i = 0; i < 1000; i++) {
      child.send("unread " + i);
    }
    assertThat(get(child.onExit()).exitCode()).hasValue(end.equals("return") ? 0 : 7);
    await().atMost(LIMIT).until(() -> events.contains("exit"));
    List<Object> expected = new ArrayList<>(IntStream.range(0, 100).boxed().toList());
    expected.add("disconnect");
    expected.add("exit");
    assertThat(events).containsExactlyElementsOf(expected);
    assertThat(child.isConnected()).isFalse();
  }

  @Test
  void aSlowListenerStillHearsAllBeforeTheExitIsTold() throws Exception {
    ForkedProcess child = forks.fork(Talkative.class, Forks.options().maxBufferedBytes(64 << 10));
    List<Object> events = Collections.synchronizedList(new ArrayList<>());
    CompletableFuture<Boolean> goOn = new CompletableFuture<>();
    child.onExit().thenRun(() -> events.add("exit"));
    child.onMessage(
        byte[].class,
        bytes -> {
          // The first waits until the child has ended, with more to read than is let in.
          goOn.join();
          events.add((int) bytes[0]);
        });
    awaitGone(child.pid());
    goOn.complete(true);
    get(child.onExit());
    await().atMost(LIMIT).until(() -> events.contains("exit"));
    assertThat(events).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "exit");
  }

  @Test
  void theExitIsToldThoughNobodyListensToWhatFillsTheChannel() throws Exception {
    ForkedProcess child = forks.fork(Talkative.class, Forks.options().maxBufferedBytes(64 << 10));
    assertThat(get(child.onExit()).success()).isTrue();
    assertThat(child.onDisconnect()).isCompleted();
  }

  /** Sends ten messages of 20 KiB and ends. */
  public static final class Talkative {
    private Talkative() {}

    public static void main(String[] args) {
      for (int i = 0; i < 10; i++) {
        byte[] message = new byte[20 << 10];
        message[0] = (byte) i;
        ParentProcess.get().send(message);
      }
    }
  }

  /** Does nothing. */
  public static final class Nothing {
    private Nothing() {}

    public static void main(String[] args) {}
  }

  @Test
  void aChildWithoutListenersEndsWhenItsMainHasReturned() throws Exception {
    ForkedProcess child = forks.fork(Nothing.class);
    CompletableFuture<?> untaken = child.sendStrict("is anybody there?");
    assertThat(get(child.onExit()).success()).isTrue();
    assertThat(get(child.onClose()).success()).isTrue();
    assertFailed(untaken);
  }

  private static void assertFailed(CompletableFuture<?> future) {
    assertThat(future)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withCauseInstanceOf(ChannelClosedException.class);
  }

  @Test
  void aChildThatListensLivesUntilItIsDisconnected() throws Exception {
    ForkedProcess child = forks.fork(MessagesTest.Echo.class);
    Messages<String> echoes = messages(child, String.class);
    for (String text : List.of("one", "two", "three")) {
      child.send(text);
      assertThat(echoes.next()).isEqualTo(text);
    }
    assertThat(child.isAlive()).isTrue();
    child.disconnect();
    assertThat(get(child.onExit()).success()).isTrue();
  }

  @Test
  void aChildThatIsKilledIsDisconnectedAndTheSendsThatItMissedFail() throws Exception {
    ForkedProcess child = forks.fork(MessagesTest.Echo.class);
    Messages<String> echoes = messages(child, String.class);
    child.send("ready?");
    echoes.next();
    CompletableFuture<?> untaken = child.sendStrict(new MessagesTest.Narrow(1));
    child.kill("SIGKILL");
    assertThat(get(child.onExit()).signal()).hasValue("SIGKILL");
    assertThat(child.onDisconnect()).isCompleted();
    assertFailed(untaken);
    assertFailed(child.send("late"));
  }

  @Test
  void aChildThatIsKilledWhileItStartsLeavesNothingOpen() throws Exception {
    for (int millis : List.of(0, 20, 60, 120, 200, 300)) {
      ForkedProcess child = forks.fork(MessagesTest.Echo.class);
      List<CompletableFuture<?>> sent = List.of(child.send("a"), child.sendStrict(new byte[10]));
      CompletableFuture<?> killed =
          CompletableFuture.runAsync(
              () -> child.kill("SIGKILL"),
              CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS));
      get(killed);
      assertThat(get(child.onExit()).signal()).hasValue("SIGKILL");
      assertThat(child.onDisconnect()).isCompleted();
      for (CompletableFuture<?> each : sent) {
        assertThat(each.handle((done, error) -> true)).succeedsWithin(LIMIT);
      }
      await().atMost(LIMIT).until(() -> tokens().isEmpty());
    }
  }

  private static List<Path> tokens() throws IOException {
    try (Stream<Path> files = Files.list(RuntimeDirectory.shared().path())) {
      return files.filter(each -> each.getFileName().toString().startsWith("t")).toList();
    }
  }

  /** Never ends by itself, and starts a process that does not either. */
  public static final class Stubborn {
    private Stubborn() {}

    static volatile long count;

    public static void main(String[] args) throws IOException {
      Process sleep = new ProcessBuilder("sleep", "1000").start();
      ParentProcess parent = ParentProcess.get();
      parent.sendStrict("pid " + sleep.pid()).join();
      if (args[0].equals("spin")) {
        while (true) {
          count++;
        }
      }
      while (true) {
        try {
          Thread.sleep(1_000_000);
        } catch (InterruptedException ignored) {
          count++;
        }
      }
    }
  }

  /** Forks three children that would not end by themselves, and prints all pids. */
  public static final class Doomed {
    private Doomed() {}

    public static void main(String[] args) throws Exception {
      for (String how : List.of("spin", "sleep", "stop")) {
        ForkedProcess child = ChildProcess.fork(Stubborn.class, Forks.options().build(), how);
        System.out.println("pid " + child.pid());
        Messages<String> words = messages(child, String.class);
        System.out.println(words.next());
        if (how.equals("stop")) {
          child.kill("SIGSTOP");
        }
      }
      System.out.println("ready");
      Thread.sleep(1_000_000);
    }
  }

  @Test
  void whenTheParentIsKilledItsChildrenEndWithAllThatTheyStarted() throws Exception {
    ChildProcess parent = java(SpawnOptions.builder(), Doomed.class);
    Messages<String> lines = lines(parent.stdout());
    List<Long> pids = new ArrayList<>();
    for (String line = lines.next(); !line.equals("ready"); line = lines.next()) {
      if (line.startsWith("pid ")) {
        pids.add(Long.parseLong(line.substring("pid ".length())));
      }
    }
    assertThat(pids).hasSize(6).allMatch(pid -> ProcessHandle.of(pid).isPresent());
    parent.kill("SIGKILL");
    pids.forEach(Forks::awaitGone);
  }

  private ChildProcess java(SpawnOptions.Builder options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(List.of(Forks.java()));
    command.addAll(Forks.jvmOptions("-XX:+IgnoreUnrecognizedVMOptions"));
    command.addAll(
        List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
    command.addAll(List.of("-cp", Forks.classPath(), main.getName()));
    command.addAll(List.of(arguments));
    return forks.spawn(options, command.toArray(String[]::new));
  }

  /** Lives on when its parent is gone, and writes that into a file. */
  public static final class Survivor {
    private Survivor() {}

    public static void main(String[] args) throws Exception {
      ParentProcess parent = ParentProcess.get();
      parent.sendStrict("listening").join();
      parent.onDisconnect().join();
      Files.writeString(Path.of(args[0]), "disconnected");
      Thread.sleep(1_000_000);
    }
  }

  /** Forks a detached child and prints its pid. */
  public static final class Abandoning {
    private Abandoning() {}

    public static void main(String[] args) throws Exception {
      ForkedProcess child =
          ChildProcess.fork(Survivor.class, Forks.options().detached().build(), args);
      messages(child, String.class).next();
      System.out.println("pid " + child.pid());
      Thread.sleep(1_000_000);
    }
  }

  @Test
  void aDetachedChildIsDisconnectedWhenItsParentIsKilledAndLivesOn() throws Exception {
    Path file = directory.resolve("words");
    ChildProcess parent = java(SpawnOptions.builder(), Abandoning.class, file.toString());
    Messages<String> lines = lines(parent.stdout());
    String line = lines.next();
    while (!line.startsWith("pid ")) {
      // A logger's, perhaps.
      line = lines.next();
    }
    long pid = Long.parseLong(line.substring("pid ".length()));
    ProcessHandle child = ProcessHandle.of(pid).orElseThrow();
    try {
      parent.kill("SIGKILL");
      get(parent.onExit());
      await().atMost(LIMIT).until(() -> Files.exists(file) && Files.size(file) > 0);
      assertThat(child.isAlive()).isTrue();
    } finally {
      child.destroyForcibly();
      awaitGone(pid);
    }
  }

  /** Writes to all its streams, and says what it reads and finds in its environment. */
  public static final class Reporter {
    private Reporter() {}

    public static void main(String[] args) throws IOException {
      System.out.println("out");
      System.err.println("err");
      ParentProcess parent = ParentProcess.get();
      parent.send("input " + System.in.read());
      for (String each : JavaVariables.NAMES) {
        parent.send(each + " " + System.getenv(each));
      }
      parent.send("socket " + System.getenv(ChildProcess.SOCKET_VARIABLE));
      parent.send("given " + System.getenv("GIVEN"));
      parent.send("property " + System.getProperty("property"));
      parent.send("directory " + Path.of("").toRealPath());
      parent.send("arguments " + List.of(args));
      parent.send("end");
    }
  }

  /** Forks with the default options, prints what the child says, and then its own input. */
  public static final class Relay {
    private Relay() {}

    public static void main(String[] args) throws Exception {
      ForkedProcess child = ChildProcess.fork(Reporter.class);
      Messages<String> words = messages(child, String.class);
      for (String word = words.next(); !word.equals("end"); word = words.next()) {
        System.out.println(word);
      }
      get(child.onExit());
      System.out.println(
          "own input " + new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
      System.exit(0);
    }
  }

  @Test
  void byDefaultAChildHasItsParentsOutputsButNeitherItsInputNorItsJavaVariables() throws Exception {
    ChildProcess parent =
        java(
            SpawnOptions.builder()
                .environment("JAVA_TOOL_OPTIONS", "-Dtool=1")
                .environment("JDK_JAVA_OPTIONS", "-Djdk=1")
                .environment("GIVEN", "inherited")
                .socket(),
            Relay.class);
    Messages<String> out = lines(parent.stdout());
    Messages<String> err = lines(parent.stderr());
    parent.stdin().write("for the parent".getBytes(StandardCharsets.UTF_8));
    parent.stdin().close();
    assertThat(get(parent.onClose()).success()).isTrue();
    assertThat(out.queue())
        .contains(
            "out",
            "input -1",
            "JAVA_TOOL_OPTIONS null",
            "JDK_JAVA_OPTIONS null",
            "_JAVA_OPTIONS null",
            "socket null",
            "given inherited",
            "own input for the parent");
    // The parent's JVM itself says what it picked up; the child's has nothing to say.
    assertThat(err.queue().stream().filter(line -> !line.startsWith("NOTE: Picked up")))
        .containsExactly("Picked up JAVA_TOOL_OPTIONS: -Dtool=1", "err");
  }

  @Test
  void optionsAreWhatTheChildGets() throws Exception {
    ForkedProcess child =
        forks.fork(
            Reporter.class,
            ForkOptions.builder()
                .jvmOptions(Forks.jvmOptions("-Dproperty=a b"))
                .environment("GIVEN", "by an option")
                .environment("JAVA_TOOL_OPTIONS", "-Dasked=for")
                .directory(directory)
                .stdout(Stdio.pipe())
                .stderr(Stdio.pipe()),
            "an argument",
            "");
    Messages<String> words = messages(child, String.class);
    Messages<String> out = lines(child.stdout());
    assertThat(get(child.onClose()).success()).isTrue();
    assertThat(words.queue())
        .contains(
            "input -1",
            "JAVA_TOOL_OPTIONS -Dasked=for",
            "given by an option",
            "property a b",
            "directory " + directory.toRealPath(),
            "arguments [an argument, ]",
            "end");
    assertThat(out.queue()).containsExactly("out");
  }

  /** Says which Java it runs on. */
  public static final class Version {
    private Version() {}

    public static void main(String[] args) {
      ParentProcess.get().send(Runtime.version().feature());
    }
  }

  @Test
  void aChildMayRunOnAnotherJava() throws Exception {
    Path home = Path.of("/usr/lib/jvm/temurin-25-jdk-amd64");
    assumeTrue(Files.isDirectory(home));
    ForkedProcess child =
        forks.fork(Version.class, Forks.options().javaHome(home).stderr(Stdio.pipe()));
    Messages<String> errors = lines(child.stderr());
    assertThat(messages(child, Integer.class).next()).isEqualTo(25);
    get(child.onClose());
    assertThat(errors.queue()).isEmpty();
  }

  /** Has no main of the right kind. */
  public static final class NoMain {
    private NoMain() {}

    public void main(String[] args) {}
  }

  @Test
  void aClassWithoutMainIsRefusedBeforeAnythingIsStarted() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ChildProcess.fork(NoMain.class))
        .withMessageContainingAll(NoMain.class.getName(), "public static void main");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ChildProcess.fork(Nothing.class, "a\0b"))
        .withMessageContaining("NUL");
    assertThatNoException().isThrownBy(() -> assertThat(tokens()).isEmpty());
  }

  @Test
  void aClassThatIsNotOnTheChildsClassPathIsNamedOnItsStandardError() throws Exception {
    ForkedProcess child =
        forks.fork(
            Nothing.class,
            Forks.options()
                .classPath(List.of(source(ParentProcess.class), source(Frame.class)))
                .stderr(Stdio.pipe()));
    Messages<String> errors = lines(child.stderr());
    assertThat(get(child.onClose()).exitCode()).hasValue(1);
    assertThat(errors.next()).contains(Nothing.class.getName(), "ClassNotFoundException");
  }

  private static Path source(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** Throws. */
  public static final class Thrower {
    private Thrower() {}

    public static void main(String[] args) {
      throw new IllegalStateException("thrown by main");
    }
  }

  @Test
  void aMainThatThrowsPrintsItsStackAndExitsWithOne() throws Exception {
    ForkedProcess child = forks.fork(Thrower.class, Forks.options().stderr(Stdio.pipe()));
    Messages<String> errors = lines(child.stderr());
    assertThat(get(child.onClose()).exitCode()).hasValue(1);
    assertThat(errors.queue())
        .anyMatch(line -> line.contains("IllegalStateException: thrown by main"))
        .anyMatch(line -> line.contains("Thrower.main"));
  }

  @Test
  void aChildWhoseJvmDoesNotStartFailsAllThatWasSentToIt() throws Exception {
    ForkedProcess child =
        forks.fork(
            Nothing.class,
            Forks.options()
                .jvmOptions(List.of("-XX:+NoSuchOption"))
                .stderr(Stdio.pipe())
                .stdout(Stdio.ignore()));
    Messages<String> errors = lines(child.stderr());
    List<CompletableFuture<?>> sent = List.of(child.send("a"), child.sendStrict("b"));
    assertThat(get(child.onClose()).exitCode()).hasValue(1);
    assertThat(child.onDisconnect()).isCompleted();
    sent.forEach(ForkTest::assertFailed);
    assertThat(errors.queue()).anyMatch(line -> line.contains("NoSuchOption"));
    await().atMost(LIMIT).until(() -> tokens().isEmpty());
  }

  @Test
  void aMissingJavaIsAnErrorThatNamesIt() throws Exception {
    Path home = directory.resolve("no-java");
    assertThatExceptionOfType(ProcessStartException.class)
        .isThrownBy(
            () -> ChildProcess.fork(Nothing.class, ForkOptions.builder().javaHome(home).build()))
        .withMessageContaining(home.resolve("bin/java").toString());
    assertThat(tokens()).isEmpty();
  }

  /** A child whose JVM never connects: a script, so that the test can connect in its stead. */
  private ForkedProcess silent() throws IOException {
    Path bin = Files.createDirectories(directory.resolve("silent/bin"));
    Files.writeString(bin.resolve("java"), "#!/bin/sh\nexec sleep 1000\n");
    Files.setPosixFilePermissions(
        bin.resolve("java"), PosixFilePermissions.fromString("rwx------"));
    return forks.fork(Nothing.class, ForkOptions.builder().javaHome(bin.getParent()));
  }

  private static Path tokenFile(ForkedProcess child) {
    return child.command().stream()
        .filter(each -> each.matches("/.*/t[0-9]+"))
        .map(Path::of)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theTokenIsInAFileOfTheOwnersAloneAndNowhereElse() throws Exception {
    ForkedProcess child = silent();
    Path file = tokenFile(child);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
        .isEqualTo("rwx------");
    String token = Files.readString(file);
    assertThat(token).matches("[0-9a-f]{64}");
    Path process = Path.of("/proc/" + child.pid());
    if (Files.exists(process)) {
      assertThat(Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1))
          .doesNotContain(token);
      assertThat(Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1))
          .doesNotContain(token);
    }
    assertThat(String.join(" ", child.command())).doesNotContain(token);
    child.kill("SIGKILL");
    get(child.onExit());
    await().atMost(LIMIT).until(() -> Files.notExists(file));
  }

  @Test
  void theTokenIsGoneWhenTheChildHasConnected() throws Exception {
    ForkedProcess child = forks.fork(MessagesTest.Echo.class);
    child.send("ready?");
    messages(child, String.class).next();
    assertThat(tokenFile(child)).doesNotExist();
  }

  @Test
  void aStrangerIsRefusedAndATokenIsGoodForOneConnection() throws Exception {
    ForkedProcess child = silent();
    byte[] token = HexFormat.of().parseHex(Files.readString(tokenFile(child)));
    String address =
        child.command().stream().filter(each -> each.startsWith("unix:")).findFirst().orElseThrow();
    long id = Long.parseLong(child.command().get(child.command().indexOf(address) + 1));
    CompletableFuture<?> sent = child.send("for the child");
    byte[] wrong = token.clone();
    wrong[31] ^= 1;
    try (SocketChannel stranger = connect(address, id, wrong);
        SocketChannel nobody = connect(address, id + 1_000_000, token)) {
      assertThat(isAdmitted(stranger)).isFalse();
      assertThat(isAdmitted(nobody)).isFalse();
    }
    assertThat(sent).isNotDone();
    try (SocketChannel first = connect(address, id, token)) {
      assertThat(isAdmitted(first)).isTrue();
      get(sent);
      try (SocketChannel second = connect(address, id, token)) {
        assertThat(isAdmitted(second)).isFalse();
      }
      assertThat(child.isConnected()).isTrue();
    }
    // The connection that was admitted has ended, and with it the channel.
    get(child.onDisconnect());
  }

  private static SocketChannel connect(String address, long id, byte[] token) throws IOException {
    SocketChannel channel =
        SocketChannel.open(UnixDomainSocketAddress.of(address.substring("unix:".length())));
    Frame hello = new Frame.Hello(FrameCodec.VERSION, token, id, 1, "17", 1 << 20, 0);
    ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.sizeOf(hello));
    FrameCodec.write(hello, bytes);
    channel.write(bytes.flip());
    return channel;
  }

  /** Whether there is an answer, rather than an end. */
  private static boolean isAdmitted(SocketChannel channel) throws IOException {
    try {
      return channel.read(ByteBuffer.allocate(16)) > 0;
    } catch (IOException reset) {
      return false;
    }
  }

  @Test
  void whatIsSentToAChildThatNeverConnectsFailsWhenItEnds() throws Exception {
    ForkedProcess child = silent();
    CompletableFuture<?> sent = child.send("a");
    CompletableFuture<?> taken = child.sendStrict("b");
    assertThat(child.isConnected()).isTrue();
    child.kill("SIGKILL");
    assertFailed(sent);
    assertFailed(taken);
    get(child.onExit());
    assertThat(child.onDisconnect()).isCompleted();
  }

  @Test
  void aJvmThatWasNotForkedHasNoParent() {
    assertThat(ParentProcess.isForked()).isFalse();
    assertThatIllegalStateException()
        .isThrownBy(ParentProcess::get)
        .withMessageContaining("ChildProcess.fork");
  }

  @Test
  void descriptorsAndThreadsAreBackAfterFiftyChildrenAndTenAtOnce() throws Exception {
    get(forks.fork(Nothing.class).onExit());
    long descriptors = descriptors();
    long threads = forkyardThreads();
    for (int i = 0; i < 50; i++) {
      assertThat(get(forks.fork(Nothing.class).onExit()).success()).isTrue();
    }
    List<ForkedProcess> atOnce = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      atOnce.add(forks.fork(MessagesTest.Echo.class));
    }
    for (ForkedProcess each : atOnce) {
      each.send(each.pid());
    }
    for (ForkedProcess each : atOnce) {
      assertThat(messages(each, Long.class).next()).isEqualTo(each.pid());
      each.disconnect();
    }
    for (ForkedProcess each : atOnce) {
      assertThat(get(each.onExit()).success()).isTrue();
    }
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
              assertThat(forkyardThreads()).isLessThanOrEqualTo(threads);
              assertThat(tokens()).isEmpty();
            });
  }

  private static long descriptors() throws IOException {
    Path own = Path.of("/proc/self/fd");
    if (!Files.isDirectory(own)) {
      return 0;
    }
    try (Stream<Path> open = Files.list(own)) {
      return open.count();
    }
  }

  private static long forkyardThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("forkyard"))
        .count();
  }
}
