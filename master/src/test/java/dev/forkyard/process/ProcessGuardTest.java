package dev.forkyard.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ProcessGuardTest {

  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir private Path directory;

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private ProcessGuard guard;

  @BeforeEach
  void start() throws IOException {
    guard = ProcessGuard.start(null);
  }

  @AfterEach
  void close() {
    guard.close();
  }

  @Test
  void whatAProcessLeavesBehindInItsSessionEndsWithIt() throws Exception {
    GuardedProcess process = shell("sleep 1000 & echo $!; exit 3");
    long left = pidFromOutput();
    assertThat(process.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(3);
    awaitGone(left);
  }

  @Test
  void soDoesWhatHasAGroupOfItsOwn() throws Exception {
    // timeout makes itself the leader of one.
    GuardedProcess process = shell("timeout 1000 sleep 1000 & echo $!; exit 0");
    long left = pidFromOutput();
    process.onExit().get(10, TimeUnit.SECONDS);
    awaitGone(left);
  }

  @Test
  void theExitIsToldThoughAnotherSessionHoldsTheOutputOpen() throws Exception {
    GuardedProcess process = shell("setsid sh -c 'echo $$; exec sleep 1000' & wait");
    long elsewhere = pidFromOutput();
    ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
    try {
      assertThat(process.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(137);
    } finally {
      ProcessHandle.of(elsewhere).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void killTakesTheDescendantsAlong() throws Exception {
    GuardedProcess process = shell("trap '' TERM; sleep 1000 & echo $!; wait");
    long child = pidFromOutput();
    process.kill();
    assertThat(process.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(137);
    awaitGone(child);
  }

  @Test
  void closingTheGuardKillsAllThatIsWatchedAndRemovesItsDirectory() throws Exception {
    Path sockets = Files.createDirectory(directory.resolve("sockets"));
    Files.createFile(sockets.resolve("s"));
    ProcessGuard another = ProcessGuard.start(sockets);
    GuardedProcess process =
        GuardedProcess.start(
            List.of("sleep", "1000"), null, Map.of(), new byte[0], another, lines::add);
    another.close();
    assertThat(process.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(137);
    assertThat(sockets).doesNotExist();
  }

  @Test
  void aGuardThatIsKilledIsReplacedAndForgetsNobody() throws Exception {
    GuardedProcess process = shell("sleep 1000 & echo $!; exit 5");
    long first = pidFromOutput();
    process.onExit().get(10, TimeUnit.SECONDS);
    awaitGone(first);

    GuardedProcess running = shell("sleep 1000 & echo $!; wait");
    long child = pidFromOutput();
    List<ProcessHandle> before = guards();
    assertThat(before).hasSize(1);
    before.get(0).destroyForcibly();
    await().atMost(LIMIT).until(() -> guards().stream().anyMatch(each -> !before.contains(each)));
    guard.close();
    assertThat(running.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(137);
    awaitGone(child);
  }

  @Test
  void aProgramThatIsNotThereIsOneErrorThatNamesIt() throws Exception {
    GuardedProcess process =
        GuardedProcess.start(
            List.of("/no/such/program"), null, Map.of(), new byte[0], guard, lines::add);
    // setsid is what starts it, and tells by its own exit code and line.
    assertThat(process.onExit().get(10, TimeUnit.SECONDS)).isEqualTo(127);
    assertThat(process.outputTail()).contains("/no/such/program");
  }

  @Test
  void longLinesAreCutAndTheTailIsTheLast8KiB() throws Exception {
    GuardedProcess process = shell("head -c 20000 /dev/zero | tr '\\0' x; echo; echo end");
    process.onExit().get(10, TimeUnit.SECONDS);
    assertThat(lines).hasSize(4);
    assertThat(String.join("", lines)).isEqualTo("x".repeat(20_000) + "end");
    assertThat(process.outputTail()).hasSize(8 << 10).endsWith("x\nend\n");
  }

  private GuardedProcess shell(String script) throws IOException {
    return GuardedProcess.start(
        List.of("sh", "-c", script), null, Map.of(), new byte[0], guard, lines::add);
  }

  private long pidFromOutput() throws InterruptedException {
    String line = lines.poll(10, TimeUnit.SECONDS);
    assertThat(line).isNotNull();
    return Long.parseLong(line);
  }

  private static void awaitGone(long pid) {
    await().atMost(LIMIT).until(() -> hasEnded(pid));
  }

  /** Whether it has ended, though perhaps nobody has yet asked how. */
  private static boolean hasEnded(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.substring(stat.lastIndexOf(')')).startsWith(") Z");
    } catch (IOException gone) {
      return true;
    }
  }

  private static List<ProcessHandle> guards() {
    return ProcessHandle.current().children().filter(ProcessGuardTest::isGuard).toList();
  }

  private static boolean isGuard(ProcessHandle handle) {
    try {
      return Files.readString(Path.of("/proc/" + handle.pid() + "/cmdline"))
          .contains("forkyard-guard");
    } catch (IOException ended) {
      return false;
    }
  }
}
