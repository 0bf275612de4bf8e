package dev.forkyard.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(30)
class ProcessGuardTest {

  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir private Path directory;

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private ProcessGuard guard;
  private List<ProcessHandle> others = List.of();

  @BeforeEach
  void start() throws IOException {
    others = guards();
    guard = ProcessGuard.start(null);
  }

  @AfterEach
  void close() {
    guard.close();
  }

  @Test
  void whatAProcessLeavesBehindInItsSessionEndsWithIt() throws Exception {
    ChildProcess process = shell("sleep 1000 & echo $!; exit 3");
    long left = pidFromOutput();
    assertThat(exit(process)).isEqualTo(3);
    awaitGone(left);
  }

  @Test
  void soDoesWhatHasAGroupOfItsOwn() throws Exception {
    // timeout makes itself the leader of one.
    ChildProcess process = shell("timeout 1000 sleep 1000 & echo $!; exit 0");
    long left = pidFromOutput();
    exit(process);
    awaitGone(left);
  }

  @Test
  void theExitIsToldThoughAnotherSessionHoldsTheOutputOpen() throws Exception {
    ChildProcess process = shell("setsid sh -c 'echo $$; exec sleep 1000' & wait");
    long elsewhere = pidFromOutput();
    ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
    try {
      assertThat(exit(process)).isEqualTo(137);
    } finally {
      ProcessHandle.of(elsewhere).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void killTakesTheDescendantsAlong() throws Exception {
    ChildProcess process = shell("trap '' TERM; sleep 1000 & echo $!; wait");
    long child = pidFromOutput();
    process.killTree().get(10, TimeUnit.SECONDS);
    assertThat(exit(process)).isEqualTo(137);
    awaitGone(child);
  }

  @Test
  void closingTheGuardKillsAllThatIsWatchedAndRemovesItsDirectory() throws Exception {
    Path sockets = Files.createDirectory(directory.resolve("sockets"));
    Files.createFile(sockets.resolve("s"));
    ProcessGuard another = ProcessGuard.start(sockets);
    ChildProcess process = listen(another, "sleep", "1000");
    another.close();
    assertThat(exit(process)).isEqualTo(137);
    assertThat(sockets).doesNotExist();
  }

  @Test
  void anInterruptedThreadClosesAGuardAsAnyOtherDoes() throws Exception {
    ChildProcess process = shell("sleep 1000 & echo $!; wait");
    long child = pidFromOutput();
    Thread.currentThread().interrupt();
    guard.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(exit(process)).isEqualTo(137);
    awaitGone(child);
  }

  @Test
  void aGuardThatHasJustBeenKilledKillsAllThatIsWatchedWhenItIsClosed() throws Exception {
    for (int i = 0; i < 5; i++) {
      Path sockets = Files.createDirectory(directory.resolve("sockets" + i));
      List<ProcessHandle> before = guards();
      try (ProcessGuard killed = ProcessGuard.start(sockets)) {
        ChildProcess process = listen(killed, "sleep", "1000");
        ProcessHandle shell =
            guards().stream().filter(each -> !before.contains(each)).findAny().orElseThrow();
        shell.destroyForcibly();
        killed.close();
        assertThat(exit(process)).isEqualTo(137);
        assertThat(sockets).doesNotExist();
      }
    }
  }

  @Test
  void aGuardThatIsClosedBetweenTwoStartsKillsAllThatIsWatched() throws Exception {
    Path heard = directory.resolve("heard");
    Path cured = directory.resolve("cured");
    String script =
        "[ -e %1$s ] || exit 1; while read -r line; do echo $line >>%2$s; done"
            .formatted(cured, heard);
    try (Warnings warnings = new Warnings();
        ProcessGuard broken = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      broken.watch(1);
      await().atMost(LIMIT).until(() -> warnings.count() == 1);
      Files.createFile(cured);
    }
    assertThat(lines(heard)).containsExactly("watch 1");
  }

  @Test
  void aReapThatWasGivenUpIsNoBusinessOfTheNextGuard() throws Exception {
    Path heard = directory.resolve("heard");
    Path end = directory.resolve("end");
    // The first answers nothing.
    String script =
        "[ -e %1$s ] || { while [ ! -e %1$s ]; do sleep 0.01; done; exit 1; }; while read -r line; do echo $line >>%2$s; done"
            .formatted(end, heard);
    try (ProcessGuard mute = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      mute.watch(1);
      mute.watch(2);
      mute.reap(1).get(10, TimeUnit.SECONDS);
      Files.createFile(end);
      await().atMost(LIMIT).until(() -> Files.exists(heard) && !lines(heard).isEmpty());
    }
    assertThat(lines(heard)).containsExactly("watch 2");
  }

  @Test
  void aGuardThatIsKilledIsReplacedAndForgetsNobody() throws Exception {
    ChildProcess process = shell("sleep 1000 & echo $!; exit 5");
    long first = pidFromOutput();
    exit(process);
    awaitGone(first);

    ChildProcess running = shell("sleep 1000 & echo $!; wait");
    long child = pidFromOutput();
    List<ProcessHandle> before = guards();
    assertThat(before).hasSize(1);
    before.get(0).destroyForcibly();
    await().atMost(LIMIT).until(() -> guards().stream().anyMatch(each -> !before.contains(each)));
    guard.close();
    assertThat(exit(running)).isEqualTo(137);
    awaitGone(child);
  }

  @Test
  void aGuardThatEndsAtOnceIsGivenUpWithOneWarningAndTriedAgainForTheNextChild() throws Exception {
    Path starts = directory.resolve("starts");
    Path reaped = directory.resolve("reaped");
    Path cured = directory.resolve("cured");
    // Whether it is cured it asks first: what is done once it is known to have started is too late.
    String script =
        "[ -e %2$s ]; ill=$?; echo >>%1$s; [ $ill = 0 ] || exit 1; while read -r line; do echo $line >>%3$s; done"
            .formatted(starts, cured, reaped);
    try (Warnings warnings = new Warnings();
        ProcessGuard broken = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      await().atMost(LIMIT).until(() -> warnings.count() == 1);
      assertThat(lines(starts)).hasSize(6);

      broken.watch(1);
      await().atMost(LIMIT).until(() -> lines(starts).size() == 7);
      Files.createFile(cured);
      broken.reap(2);
      await().atMost(LIMIT).until(() -> Files.exists(reaped) && lines(reaped).size() == 2);
      assertThat(lines(reaped)).containsExactly("watch 1", "reap 2");
      assertThat(lines(starts)).hasSize(8);
      assertThat(warnings.count()).isEqualTo(1);
    }
  }

  @Test
  void whatIsAskedOfAGuardWhileItEndsAfterItWasGivenUpIsHeardByTheNext() throws Exception {
    Path starts = directory.resolve("starts");
    Path heard = directory.resolve("heard");
    Path end = directory.resolve("end");
    // The seventh, which is tried for a child, hears nothing and ends when told; the eighth is
    // well.
    String script =
        """
        echo >>%1$s
        n=$(wc -l <%1$s)
        [ $n -ge 7 ] || exit 1
        if [ $n = 7 ]; then while [ ! -e %2$s ]; do sleep 0.01; done; exit 1; fi
        while read -r line; do echo $line >>%3$s; done
        """
            .formatted(starts, end, heard);
    try (Warnings warnings = new Warnings();
        ProcessGuard broken = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      await().atMost(LIMIT).until(() -> warnings.count() == 1);
      broken.watch(1);
      await().atMost(LIMIT).until(() -> lines(starts).size() == 7);
      broken.reap(2);
      Files.createFile(end);
      await().atMost(LIMIT).until(() -> Files.exists(heard) && lines(heard).size() == 2);
      assertThat(lines(heard)).containsExactly("watch 1", "reap 2");
    }
  }

  @Test
  void aSignalForWhichThereIsNoGuardIsSentByTheNextOnceAndToNobodyWhoHasEnded() throws Exception {
    Path heard = directory.resolve("heard");
    Path cured = directory.resolve("cured");
    String script =
        "[ -e %1$s ] || exit 1; echo pid $$ >>%2$s; while read -r line; do echo $line >>%2$s; done"
            .formatted(cured, heard);
    ChildProcess process = shell("sleep 1000");
    ProcessHandle alive = ProcessHandle.of(process.pid()).orElseThrow();
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    try (Warnings warnings = new Warnings();
        ProcessGuard broken = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      await().atMost(LIMIT).until(() -> warnings.count() == 1);
      Files.createFile(cured);
      broken.signal("USR1", ended.toHandle(), false);
      broken.signal("USR1", alive, true);
      String signal = "signal -" + process.pid() + " USR1";
      await().atMost(LIMIT).until(() -> Files.exists(heard) && lines(heard).contains(signal));

      long first = Long.parseLong(lines(heard).get(0).substring("pid ".length()));
      ProcessHandle.of(first).ifPresent(ProcessHandle::destroyForcibly);
      broken.watch(1);
      await()
          .atMost(LIMIT)
          .until(() -> lines(heard).stream().filter(line -> line.startsWith("pid")).count() == 2);
      broken.watch(2);
      await().atMost(LIMIT).until(() -> lines(heard).contains("watch 2"));
      assertThat(lines(heard))
          .filteredOn(line -> line.startsWith("signal"))
          .containsExactly(signal);
    }
    process.killTree().get(10, TimeUnit.SECONDS);
    exit(process);
  }

  @Test
  void aGuardThatCanNotBeStartedAgainIsWarnedOfAndTriedForTheNextChild() throws Exception {
    Path program = directory.resolve("guard");
    Path heard = directory.resolve("heard");
    executable(program, "#!/bin/sh\nrm \"$0\"\n");
    try (Warnings warnings = new Warnings();
        ProcessGuard broken = ProcessGuard.startCommand(List.of(program.toString()))) {
      await().atMost(LIMIT).until(() -> warnings.count() == 1);
      executable(program, "#!/bin/sh\nexec tee -a " + heard + "\n");
      broken.watch(1);
      await().atMost(LIMIT).until(() -> Files.exists(heard) && lines(heard).size() == 1);
      assertThat(lines(heard)).containsExactly("watch 1");
    }
  }

  @Test
  void aGuardThatIsHeardNoMoreIsEnded() throws Exception {
    Path pids = directory.resolve("pids");
    String script = "echo $$ >>" + pids + "; exec sleep 1000 >&-";
    try (ProcessGuard mute = ProcessGuard.startCommand(List.of("sh", "-c", script))) {
      mute.watch(1);
      await().atMost(LIMIT).until(() -> Files.exists(pids) && lines(pids).size() > 1);
    }
    await()
        .atMost(LIMIT)
        .until(() -> lines(pids).stream().map(Long::valueOf).allMatch(ProcessGuardTest::hasEnded));
  }

  @Test
  void whoAsksForTheSameSessionTwiceIsAnsweredTwice() throws Exception {
    ChildProcess process = shell("echo $$; sleep 1000");
    // Before that it may not lead a session yet, of which nothing would be found.
    pidFromOutput();
    CompletableFuture<Void> first = guard.reap(process.pid());
    guard.reap(process.pid()).get(10, TimeUnit.SECONDS);
    assertThat(first).isDone();
    exit(process);
  }

  /** The warnings of guards while it is open. */
  private static final class Warnings implements AutoCloseable {

    private final Logger logger = (Logger) LoggerFactory.getLogger(ProcessGuard.class);
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            events.add(event);
          }
        };

    Warnings() {
      appender.start();
      logger.addAppender(appender);
    }

    long count() {
      return events.stream().filter(event -> event.getLevel() == Level.WARN).count();
    }

    @Override
    public void close() {
      logger.detachAppender(appender);
    }
  }

  /** Never open for writing under that name, since then it could not be started. */
  private static void executable(Path program, String script) throws IOException {
    Path draft = Files.writeString(program.resolveSibling("draft"), script);
    Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rwx------"));
    Files.move(draft, program);
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file);
  }

  private ChildProcess shell(String script) {
    return listen(guard, "sh", "-c", script);
  }

  private ChildProcess listen(ProcessGuard with, String... command) {
    SpawnOptions options =
        SpawnOptions.builder().guard(with).mergeErrors().killTreeOnExit().build();
    ChildProcess process = ChildProcess.spawn(List.of(command), options);
    process.stdout().onLine(lines::add);
    return process;
  }

  private static int exit(ChildProcess process) throws Exception {
    return process.onExit().get(10, TimeUnit.SECONDS).value();
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

  /** Without that of all children, which lives on for a while when another test had some. */
  private List<ProcessHandle> guards() {
    return ProcessHandle.current()
        .children()
        .filter(ProcessGuardTest::isGuard)
        .filter(each -> !others.contains(each))
        .toList();
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
