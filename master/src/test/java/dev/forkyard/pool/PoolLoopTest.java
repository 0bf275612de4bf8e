package dev.forkyard.pool;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.process.ProcessGuard;
import dev.forkyard.process.RuntimeDirectory;
import dev.forkyard.transport.TransportKind;
import dev.forkyard.transport.TransportServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.slf4j.LoggerFactory;

/** What becomes of a pool's jobs and workers when something throws on its event loop. */
@Timeout(60)
class PoolLoopTest {

  private final AtomicBoolean placesAreLost = new AtomicBoolean();
  private final AtomicInteger places = new AtomicInteger();
  private final PoolConfig config = config();
  private final PoolLoop loop = new PoolLoop(config, this::places);
  private RuntimeDirectory directory;
  private TransportServer server;
  private ProcessGuard guard;
  private WorkerLauncher launcher;
  private long lastJobId;

  @BeforeEach
  void start() throws IOException {
    directory = RuntimeDirectory.create();
    server = TransportServer.bind(TransportKind.best(), directory.path(), 0, loop::admit);
    guard = ProcessGuard.start(directory.path());
    launcher = new WorkerLauncher(config, directory, completedFuture(server.address()), guard);
    loop.launchFirst(launcher);
    loop.start(server.loop());
  }

  @AfterEach
  void close() {
    launcher.close();
    server.close();
    guard.close();
    directory.close();
    loop.completer().close();
  }

  private void places(int freed) {
    places.addAndGet(freed);
    if (placesAreLost.getAndSet(false)) {
      throw new IllegalStateException("planted in the queue");
    }
  }

  @Test
  void anErrorInAnEventEndsEveryJobAndEveryWorkerLoudly() {
    List<JobFuture<String>> running = List.of(submit("sleep 60000"), submit("sleep 60000"));
    await().until(() -> loop.stats().join().running() == 2);
    List<Long> pids = loop.workers().join().stream().map(WorkerInfo::pid).toList();
    List<JobFuture<String>> queued = List.of(submit("a"), submit("b"), submit("c"));
    loop.post(
        () -> {
          throw new IllegalStateException("planted in an event");
        });
    JobFuture<String> late = submit("d");
    assertBroken(running, "planted in an event");
    assertBroken(queued, "planted in an event");
    assertBroken(List.of(late), "planted in an event");
    assertThat(loop.termination()).succeedsWithin(30, TimeUnit.SECONDS);
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    assertThat(places).hasValue(6);
    assertBroken(List.of(submit("after the end")), "planted in an event");
    loop.close();
    loop.shutdownNow();
    assertThatThrownBy(() -> loop.stats().join())
        .hasCauseInstanceOf(PoolBrokenException.class)
        .hasMessageContaining("planted in an event");
  }

  @Test
  void anErrorUnderTheSchedulerLeavesNoJobOpenEither() {
    assertThat(submit("a").join()).isEqualTo("a");
    placesAreLost.set(true);
    List<JobFuture<String>> open = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      open.add(submit("n" + i));
    }
    assertBroken(open, "planted in the queue");
    assertThat(loop.termination()).succeedsWithin(30, TimeUnit.SECONDS);
  }

  /** The greetings lie in the socket while the loop is held, and are read after the ends. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void workersThatDieBeforeTheirGreetingIsReadAreNotTakenForStrangers() {
    Logger logger = (Logger) LoggerFactory.getLogger(TransportServer.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    CountDownLatch released = new CountDownLatch(1);
    try {
      loop.post(() -> awaitUninterruptibly(released));
      await().atMost(30, TimeUnit.SECONDS).until(() -> connections() == 2);
      List<ProcessHandle> workers =
          ProcessHandle.current()
              .children()
              .filter(each -> isWorkerOfThis(commandLine(each)))
              .toList();
      assertThat(workers).hasSize(2);
      workers.forEach(ProcessHandle::destroyForcibly);
      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> workers.stream().noneMatch(ProcessHandle::isAlive));
      released.countDown();
      assertThat(submit("a").join()).isEqualTo("a");
    } finally {
      released.countDown();
      logger.detachAppender(lines);
    }
    assertThat(lines.list).isEmpty();
  }

  /** A worker's names its scoreboard, and that its pool's directory. */
  private boolean isWorkerOfThis(String commandLine) {
    String name = directory.path().getFileName().toString();
    return commandLine.contains(".WorkerMain") && commandLine.contains(name);
  }

  /** The JDK doesn't tell it where it is long. */
  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    } catch (IOException gone) {
      return "";
    }
  }

  /** To the server's socket, also those not yet accepted. */
  private long connections() throws IOException {
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
      return sockets.filter(each -> each.endsWith(directory.path() + "/s")).count() - 1;
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private JobFuture<String> submit(String order) {
    JobFuture<String> future =
        new JobFuture<>(
            loop,
            ++lastJobId,
            HandlerRef.of(ProcessPoolTest.Obey.class),
            order.getBytes(StandardCharsets.UTF_8),
            JobOptions.defaults(),
            null);
    loop.submit(future);
    return future;
  }

  private static void assertBroken(List<JobFuture<String>> futures, String why) {
    for (JobFuture<String> future : futures) {
      assertThatThrownBy(() -> future.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining(why);
    }
  }

  private PoolConfig config() {
    return ProcessPool.builder()
        .name("test")
        .workers(2)
        .workerHeapBytes(64 << 20)
        .classDataSharing(false)
        .config();
  }
}
