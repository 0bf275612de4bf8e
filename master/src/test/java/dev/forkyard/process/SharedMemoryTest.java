package dev.forkyard.process;

import static dev.forkyard.process.Forks.LIMIT;
import static dev.forkyard.process.Forks.get;
import static dev.forkyard.process.Forks.lines;
import static dev.forkyard.process.Forks.messages;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.forkyard.process.Forks.Messages;
import dev.forkyard.worker.ChannelClosedException;
import dev.forkyard.worker.ParentProcess;
import dev.forkyard.worker.SharedMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class SharedMemoryTest {

  private static final int LARGE = 64 << 20;
  private static final int SMALL = 1 << 20;

  @RegisterExtension final Forks forks = new Forks();

  @AfterEach
  void nothingIsLeftOpenOrMapped() {
    await().atMost(LIMIT).until(() -> held(ProcessHandle.current().pid()) == 0);
  }

  /** How many mappings and descriptors of shared memory a process has; 0 where that is not told. */
  private static long held(long pid) throws IOException {
    Path process = Path.of("/proc/" + pid);
    if (!Files.isDirectory(process.resolve("fd"))) {
      return 0;
    }
    try (Stream<String> maps = Files.lines(process.resolve("maps"));
        Stream<Path> open = Files.list(process.resolve("fd"))) {
      return maps.filter(line -> line.contains("forkyard-memory-")).count()
          + open.filter(SharedMemoryTest::isMemory).count();
    }
  }

  private static boolean isMemory(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains("forkyard-memory-");
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  private static void fill(ByteBuffer buffer, long seed) {
    for (int i = 0; i < buffer.limit(); i += Long.BYTES) {
      buffer.putLong(i, seed * (i + 1));
    }
  }

  private static boolean isFilled(ByteBuffer buffer, long seed) {
    for (int i = 0; i < buffer.limit(); i += Long.BYTES) {
      if (buffer.getLong(i) != seed * (i + 1)) {
        return false;
      }
    }
    return true;
  }

  /** Checks what it gets, and answers with as much of its own. */
  public static final class Mirror {
    private Mirror() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          SharedMemory.class,
          memory -> {
            try (memory;
                SharedMemory answer = SharedMemory.allocate(memory.size())) {
              fill(answer.buffer(), isFilled(memory.buffer(), 3) ? 5 : 0);
              parent.send(answer);
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      parent.onMessage(String.class, text -> parent.send(heldHere()));
    }

    private static long heldHere() {
      try {
        return held(ProcessHandle.current().pid());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void sixtyFourMebibytesGoBothWaysThoughNoMessageMayBeSoLarge() throws Exception {
    ForkedProcess child = forks.fork(Mirror.class, Forks.options().maxMessageBytes(64 << 10));
    Messages<SharedMemory> answers = messages(child, SharedMemory.class);
    CompletableFuture<?> taken;
    try (SharedMemory memory = SharedMemory.allocate(LARGE)) {
      fill(memory.buffer(), 3);
      taken = child.send(memory);
      // Closed at once: the child still finds it.
    }
    try (SharedMemory answer = answers.next()) {
      assertThat(answer.size()).isEqualTo(LARGE);
      assertThat(isFilled(answer.buffer(), 5)).isTrue();
    }
    get(taken);
    Messages<Long> held = messages(child, Long.class);
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              child.send("how much is held?");
              return held.next() == 0;
            });
  }

  /** Changes what it gets, and sends the same memory back. */
  public static final class Returner {
    private Returner() {}

    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          SharedMemory.class,
          memory -> {
            fill(memory.buffer(), 7);
            // Not before the parent has closed its own.
            parent.onMessage(
                String.class,
                text -> {
                  parent.send(memory);
                  memory.close();
                });
          });
    }
  }

  @Test
  void memoryThatIsSentBackIsThereThoughTheFirstOwnerHasClosedIt() throws Exception {
    ForkedProcess child = forks.fork(Returner.class);
    try (SharedMemory memory = SharedMemory.allocate(SMALL)) {
      get(child.send(memory));
    }
    child.send("give it back");
    try (SharedMemory back = messages(child, SharedMemory.class).next()) {
      assertThat(isFilled(back.buffer(), 7)).isTrue();
    }
  }

  @Test
  void memoryOutlivesTheProcessThatSentIt() throws Exception {
    ForkedProcess child = forks.fork(Mirror.class);
    Messages<SharedMemory> answers = messages(child, SharedMemory.class);
    try (SharedMemory memory = SharedMemory.allocate(SMALL)) {
      fill(memory.buffer(), 3);
      child.send(memory);
    }
    try (SharedMemory answer = answers.next()) {
      child.kill("SIGKILL");
      get(child.onExit());
      assertThat(isFilled(answer.buffer(), 5)).isTrue();
    }
  }

  @Test
  void memoryThatNobodyTookIsFreedWhenTheChildEndsHoweverItEnds() throws Exception {
    for (String signal : List.of("SIGTERM", "SIGKILL")) {
      ForkedProcess child = forks.fork(MessagesTest.Echo.class);
      CompletableFuture<?> untaken;
      try (SharedMemory memory = SharedMemory.allocate(SMALL)) {
        untaken = child.send(memory);
      }
      child.send("ready?");
      messages(child, String.class).next();
      assertThat(untaken).isNotDone();
      assertThat(held(ProcessHandle.current().pid())).isPositive();
      child.kill(signal);
      assertThat(untaken)
          .failsWithin(LIMIT)
          .withThrowableThat()
          .withCauseInstanceOf(ChannelClosedException.class);
      await().atMost(LIMIT).until(() -> held(ProcessHandle.current().pid()) == 0);
    }
  }

  /** Has allocated memory, and says so. */
  public static final class Owner {
    private Owner() {}

    public static void main(String[] args) throws Exception {
      SharedMemory memory = SharedMemory.allocate(SMALL);
      fill(memory.buffer(), 1);
      System.out.println("allocated " + memory.size());
      Thread.sleep(1_000_000);
    }
  }

  @Test
  void memoryHasNoNameSoNothingIsLeftOfItWhenItsOwnerIsKilled() throws Exception {
    Path directory = Path.of("/dev/shm");
    assumeTrue(Files.isDirectory(directory));
    Set<String> before = names(directory);
    ChildProcess owner =
        forks.spawn(
            SpawnOptions.builder(), Forks.java(), "-cp", Forks.classPath(), Owner.class.getName());
    assertThat(lines(owner.stdout()).next()).isEqualTo("allocated " + SMALL);
    await().atMost(LIMIT).until(() -> before.containsAll(names(directory)));
    owner.kill("SIGKILL");
    get(owner.onExit());
    await().atMost(LIMIT).until(() -> before.containsAll(names(directory)));
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("forkyard-memory-"))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void closedMemoryCanNeitherBeReadNorSent() throws Exception {
    ForkedProcess child = forks.fork(Mirror.class);
    SharedMemory memory = SharedMemory.allocate(SMALL);
    ByteBuffer buffer = memory.buffer();
    memory.close();
    memory.close();
    assertThatIllegalStateException().isThrownBy(memory::buffer).withMessageContaining("closed");
    assertThatIllegalStateException()
        .isThrownBy(() -> child.send(memory))
        .withMessageContaining("closed");
    if (Runtime.version().feature() >= 22) {
      assertThatIllegalStateException().isThrownBy(() -> buffer.get(0));
    }
  }

  @Test
  void memoryThatIsBeingWrittenByTheSystemIsClosedAfterwards() throws Exception {
    assumeTrue(Runtime.version().feature() >= 22, "here a use after the close crashes");
    SharedMemory memory = SharedMemory.allocate(SMALL);
    Pipe pipe = Pipe.open();
    CompletableFuture<?> writing =
        CompletableFuture.runAsync(
            () -> {
              try (Pipe.SinkChannel sink = pipe.sink()) {
                sink.write(memory.buffer());
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            },
            Forks::start);
    try (var source = Channels.newInputStream(pipe.source())) {
      // There is more to write than a pipe holds, so it is still being written.
      assertThat(source.read()).isZero();
      assertThatIllegalStateException().isThrownBy(memory::close);
      assertThat(memory.buffer().get(0)).isZero();
      assertThat(source.readAllBytes()).hasSize(SMALL - 1);
    }
    get(writing);
    memory.close();
  }

  @Test
  void aSizeThatCannotBeIsRefused() {
    for (int size : List.of(0, -1, Integer.MIN_VALUE)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SharedMemory.allocate(size))
          .withMessageContaining(Integer.toString(size));
    }
  }

  /** Tells what it gets for asking for too much. */
  public static final class Greedy {
    private Greedy() {}

    public static void main(String[] args) {
      try {
        SharedMemory.allocate(16 << 20).close();
        System.out.println("allocated");
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void moreThanThereIsIsAnErrorAndNoCrashLater() throws Exception {
    // A limit for files stands in for a file system that is full.
    ChildProcess child =
        forks.spawn(
            SpawnOptions.builder(),
            "sh",
            "-c",
            "ulimit -f 2048; exec \"$@\"",
            "sh",
            Forks.java(),
            "-XX:-UsePerfData",
            "-cp",
            Forks.classPath(),
            Greedy.class.getName());
    assertThat(lines(child.stdout()).next()).startsWith("no room for 16777216 bytes of shared");
    assertThat(get(child.onExit()).success()).isTrue();
  }
}
