package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Children leave no descriptor, no thread and no process behind in this program. */
@Timeout(120)
class LeakTest {

  /** The shared guard ends 2 s after its last child, and looks once more if there was another. */
  private static final Duration UNTIL_IDLE = Duration.ofSeconds(30);

  private static final int WAVE = 200;

  @RegisterExtension private final Marked children = new Marked();

  @TempDir private Path directory;

  /** As long as it lives the guard of all children does, and so its descriptors are no leak. */
  private ChildProcess holder;

  @BeforeEach
  void holdTheGuard() {
    holder =
        ChildProcess.spawn(
            List.of("cat"), children.spawn().stdout(Stdio.ignore()).stderr(Stdio.ignore()).build());
  }

  @AfterEach
  void releaseTheGuard() throws Exception {
    get(holder.killTree());
    get(holder.onExit());
  }

  @ParameterizedTest
  @CsvSource({"EPOLL, 1000", "THREADS, 200"})
  void twoHundredAtOnceAndAsManyAfterThemLeaveNothing(Pipes pipes, int count) throws Exception {
    get(run(pipes, 0));
    int descriptors = descriptors();
    for (int first = 0; first < count; first += WAVE) {
      List<CompletableFuture<ExecResult>> running = new ArrayList<>();
      for (int i = 0; i < WAVE; i++) {
        running.add(run(pipes, first + i));
      }
      for (int i = 0; i < WAVE; i++) {
        assertThat(get(running.get(i)).stdout()).isEqualTo(first + i + "\n");
      }
    }
    awaitDescriptors(descriptors);
    // That of the holder.
    await().atMost(UNTIL_IDLE).until(() -> threads().size() == 1);
  }

  private CompletableFuture<ExecResult> run(Pipes pipes, int number) {
    return ChildProcess.execFile(
        List.of("echo", Integer.toString(number)), children.exec().pipes(pipes).build());
  }

  @ParameterizedTest
  @EnumSource(Pipes.class)
  void aThousandStartsThatFailLeaveNoDescriptor(Pipes pipes) throws Exception {
    get(run(pipes, 0));
    SpawnOptions nowhere =
        children.spawn().pipes(pipes).directory(directory.resolve("missing")).build();
    SpawnOptions here = children.spawn().pipes(pipes).build();
    SpawnOptions withSocket = children.spawn().pipes(pipes).socket().build();
    String tooLong = "x".repeat(200_000);
    assertNotStarted(() -> ChildProcess.spawn(List.of("echo", tooLong), withSocket));
    int descriptors = descriptors();
    for (int i = 0; i < 450; i++) {
      assertNotStarted(() -> ChildProcess.spawn(List.of("forkyard-no-such-program"), here));
      assertNotStarted(() -> ChildProcess.spawn(List.of("true"), nowhere));
    }
    // These the system refuses, which takes it longer.
    for (int i = 0; i < 50; i++) {
      assertNotStarted(() -> ChildProcess.spawn(List.of("echo", tooLong), here));
      assertNotStarted(() -> ChildProcess.spawn(List.of("echo", tooLong), withSocket));
    }
    awaitDescriptors(descriptors);
  }

  private static void assertNotStarted(Runnable action) {
    assertThatThrownBy(action::run).isInstanceOf(ProcessStartException.class);
  }

  @Test
  void childrenWhoseOutputNobodyTakesLeaveNoDescriptor() throws Exception {
    get(run(Pipes.EPOLL, 0));
    int descriptors = descriptors();
    for (int i = 0; i < 20; i++) {
      ChildProcess child =
          ChildProcess.spawn(
              List.of("sh", "-c", "head -c 180000 /dev/zero; head -c 180000 /dev/zero >&2"),
              children.spawn().pipes(Pipes.EPOLL).build());
      get(child.onClose());
    }
    awaitDescriptors(descriptors);
  }

  @Test
  void theGuardOfAllChildrenEndsWhenThereWereNoneForAWhileAndIsBackWithTheNext() throws Exception {
    get(run(Pipes.EPOLL, 0));
    assertNotStarted(() -> children.spawn("echo", "x".repeat(200_000)));
    SpawnOptions unreadable = children.spawn().pipes(UnreadablePipe::new).build();
    assertThatThrownBy(() -> ChildProcess.spawn(List.of("sleep", "1000"), unreadable))
        .isInstanceOf(OutOfMemoryError.class);
    awaitOneGuard();
    releaseTheGuard();
    await().atMost(UNTIL_IDLE).until(() -> guards().isEmpty());
    holdTheGuard();
    awaitOneGuard();
    assertThat(holder.kill("SIGUSR1")).isTrue();
    assertThat(get(holder.onExit()).signal()).hasValue("SIGUSR1");
  }

  @Test
  void aGuardOfAllChildrenThatIsKilledIsReplaced() throws Exception {
    List<Long> before = awaitOneGuard();
    ProcessHandle.of(before.get(0)).ifPresent(ProcessHandle::destroyForcibly);
    // One look, since between two the killed one would go.
    await().atMost(LIMIT).until(LeakTest::guards, now -> now.size() == 1 && !now.equals(before));
    // It is of use at once.
    assertThat(holder.kill("SIGUSR1")).isTrue();
    assertThat(get(holder.onExit()).signal()).hasValue("SIGUSR1");
    assertThat(get(children.exec("echo out")).stdout()).isEqualTo("out\n");
  }

  private static void awaitDescriptors(int before) {
    await().atMost(UNTIL_IDLE).until(() -> descriptors() <= before);
  }

  /** One that an earlier test had may be on its way out, and a new one has no name at first. */
  private static List<Long> awaitOneGuard() {
    return await().atMost(UNTIL_IDLE).until(LeakTest::guards, now -> now.size() == 1);
  }

  private static List<Long> guards() {
    return ProcessHandle.current()
        .children()
        .map(ProcessHandle::pid)
        // That of a pool would have its directory behind it.
        .filter(pid -> Marked.commandLine(pid).endsWith("forkyard-guard"))
        .toList();
  }

  private static int descriptors() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? 0 : open.length;
  }

  /** Those that end when there is nothing to do. */
  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.matches("forkyard-(callback|exit).*|forkyard-pipe"))
        .toList();
  }
}
