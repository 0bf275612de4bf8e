package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.pool.scheduler.Outcome;
import dev.forkyard.protocol.Frame;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What goes along with a job: headers, and the logging context of who submits it. */
@Timeout(60)
class ContextTest {

  @TempDir private Path directory;

  @AfterEach
  void forget() {
    MDC.clear();
  }

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().name("told").workers(1).workerHeapBytes(64 << 20);
  }

  /** Tells of all that came along; the first time it ends its worker if it is told a file. */
  public static final class Tell implements JobHandler<String, String> {
    @Override
    public String handle(String mark, JobContext context) throws Exception {
      if (!mark.isEmpty() && Files.notExists(Path.of(mark))) {
        Files.createFile(Path.of(mark));
        Runtime.getRuntime().halt(9);
      }
      Map<String, String> log = MDC.getCopyOfContextMap();
      MDC.put("left", "behind");
      return new TreeMap<>(context.headers()) + " " + (log == null ? log : new TreeMap<>(log));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void headersReachTheHandlerInEveryAttempt(boolean inProcess) {
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    JobOptions options =
        JobOptions.retries(1)
            .withHeaders(Map.of("traceparent", trace, "größe", "", "", "nameless"));
    ProcessPool.Builder builder = inProcess ? small().inProcess() : small();
    try (ProcessPool pool = builder.build()) {
      String told = "{=nameless, größe=, traceparent=" + trace + "}";
      String mark = inProcess ? "" : directory.resolve("mark").toString();
      JobFuture<String> job = pool.submit(Tell.class, mark, options);
      assertThat(job.join()).startsWith(told);
      assertThat(job.report().attempt()).isEqualTo(inProcess ? 1 : 2);
      assertThat(pool.submit(Tell.class, "").join()).startsWith("{} ");
    }
  }

  @Test
  void theSubmittersLoggingContextIsTheHandlersAndNoOtherJobs() throws Exception {
    try (ProcessPool pool = small().carryLogContext().build();
        SerializableExecutorService executor = pool.asExecutorService()) {
      MDC.put("user", "ünal");
      MDC.put("request", "17");
      MDC.put("nobody", null);
      JobOptions traced = JobOptions.defaults().withHeaders(Map.of("a", "b"));
      assertThat(pool.submit(Tell.class, "", traced).join())
          .isEqualTo("{a=b} {request=17, user=ünal}");
      assertThat(executor.submit(() -> MDC.get("user")).get()).isEqualTo("ünal");
      try (Stream<String> all = pool.map(Tell.class, List.of("", ""))) {
        assertThat(all).containsOnly("{} {request=17, user=ünal}");
      }
      MDC.clear();
      assertThat(pool.submit(() -> String.valueOf(MDC.get("user"))).join()).isEqualTo("null");
    }
  }

  @Test
  void theLoggingContextStaysAtHomeUnlessItIsAskedFor() {
    MDC.put("user", "secret");
    try (ProcessPool pool = small().build()) {
      assertThat(pool.submit(Tell.class, "").join()).doesNotContain("secret");
    }
  }

  @Test
  void headersThatAreReservedOrTooLargeAreRefused() {
    assertThatThrownBy(() -> JobOptions.defaults().withHeaders(Map.of("forkyard-mdc-a", "b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("headers must not begin with forkyard-, but one is forkyard-mdc-a");
    JobOptions full = JobOptions.defaults().withHeaders(Map.of("a", "ü".repeat(8191)));
    assertThatThrownBy(() -> full.withHeaders(Map.of("ab", "ü".repeat(8192))))
        .hasMessage("headers must have at most 16384 bytes, but has 16386");
    assertThat(full.toString()).contains("headers=[a]").doesNotContain("üü");
    MDC.put("a", "x".repeat(1 << 15));
    try (ProcessPool pool = small().inProcess().carryLogContext().build()) {
      assertThatThrownBy(() -> pool.submit(Tell.class, "", full))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("carryLogContext")
          .hasMessageContaining("at most 16384 bytes, but has 32769");
    }
  }

  @Test
  void headersCountWhereAnInputIsTooLargeForAFrame() {
    JobOptions full = JobOptions.defaults().withHeaders(Map.of("a", "x".repeat(16_000)));
    try (ProcessPool pool = small().inProcess().maxFrameBytes(64 << 10).build()) {
      String input = "/".repeat((64 << 10) - 4096 - 16_009);
      assertThatThrownBy(() -> pool.submit(ProcessPoolTest.Obey.class, input + "x", full))
          .isInstanceOf(JobRejectedException.class)
          .hasMessageContaining("and its headers 16009 bytes, more than a frame of 65536 holds");
      assertThat(pool.submit(ProcessPoolTest.Obey.class, input, full).join()).isEqualTo(input);
    }
  }

  @Test
  void aLineOfACompleterSaysOfWhichPoolAndJobItIs() throws Exception {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(ProcessPool.class);
    lines.start();
    logger.addAppender(lines);
    PoolLoop loop = new PoolLoop(small().config(), freed -> {});
    try {
      Callable<Boolean> one = () -> !lines.list.isEmpty();
      JobFuture<String> future = badlyWatched(loop);
      Frame.Result reply = new Frame.Result(7, 1, new byte[0]);
      future.deliver(new Delivery(new Outcome.Replied(true, reply), 1, 1, null, "", 0));
      loop.completer().execute(List.of(future));
      await().until(one);
    } finally {
      logger.detachAppender(lines);
      loop.completer().close();
    }
    assertThat(lines.list.get(0).getFormattedMessage()).isEqualTo("job 7 could not be completed");
    assertThat(lines.list.get(0).getMDCPropertyMap())
        .containsEntry("pool", "told")
        .containsEntry("job", "7");
  }

  private static JobFuture<String> badlyWatched(PoolLoop loop) {
    JobWatcher watcher =
        new JobWatcher() {
          @Override
          public void done() {
            throw new IllegalStateException("planted");
          }

          @Override
          public void running() {}

          @Override
          public void left(boolean neverStarted) {}
        };
    HandlerRef<String, String> handler =
        new HandlerRef<>("h", Frame.Encoding.BINARY, TextResult.TEXT, TextResult.TEXT);
    return new JobFuture<>(loop, 7, handler, null, JobOptions.defaults(), watcher);
  }
}
