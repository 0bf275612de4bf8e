package dev.forkyard.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.launcher.BatchEvent.Stop;
import dev.forkyard.pool.JobFailedException.Stage;
import dev.forkyard.pool.PoolErrors;
import dev.forkyard.pool.TextResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BatchTest {

  private static final int WORKERS = 2;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final Jobs echo = (input, ended) -> ended.accept(text(input), null, Ends.REPORT);

  @Test
  void allWellIsExitCodeZero() throws Exception {
    assertThat(batch(List.of("a", "b"), echo, new InputOrder()).run()).isZero();
    assertThat(out.toString(UTF_8)).isEqualTo("a\nb\n");
    assertThat(errors.toString(UTF_8)).isEmpty();
  }

  @Test
  void aFailedJobIsALineOnStderrAndExitCodeOne() throws Exception {
    Jobs jobs =
        (input, ended) -> {
          if (input.equals("bad")) {
            ended.accept(null, PoolErrors.lost(3, null, false, null), Ends.REPORT);
          } else {
            echo.submit(input, ended);
          }
        };
    assertThat(batch(List.of("a", "bad", "b"), jobs, new InputOrder()).run()).isEqualTo(1);
    assertThat(out.toString(UTF_8)).isEqualTo("a\nb\n");
    assertThat(errors.toString(UTF_8))
        .isEqualTo("forkyard: job 2 \"bad\": worker 4711 exited with code 3\n");
  }

  @Test
  void aRefusedSubmitFailsThatJobAlone() throws Exception {
    Jobs jobs =
        (input, ended) -> {
          if (input.equals("huge")) {
            throw PoolErrors.rejected("too large");
          }
          echo.submit(input, ended);
        };
    assertThat(batch(List.of("huge", "b"), jobs, new InputOrder()).run()).isEqualTo(1);
    assertThat(out.toString(UTF_8)).isEqualTo("b\n");
  }

  @Test
  void behindASlowJobItReadsABoundedNumberAndThenEndsInOrder() throws Exception {
    CompletableFuture<Jobs.Ended> slow = new CompletableFuture<>();
    AtomicLong submitted = new AtomicLong();
    Jobs jobs =
        (input, ended) -> {
          if (submitted.incrementAndGet() == 1) {
            slow.complete(ended);
          } else {
            echo.submit(input, ended);
          }
        };
    List<String> inputs = LongStream.rangeClosed(1, 30_000).mapToObj(Long::toString).toList();
    CompletableFuture<Integer> run = start(batch(inputs, jobs, new InputOrder()));
    await().atMost(LIMIT).until(() -> submitted.get() == Window.MAX_JOBS);
    assertThat(run).isNotDone();
    slow.join().accept(text("1"), null, Ends.REPORT);
    assertThat(run).succeedsWithin(LIMIT).isEqualTo(0);
    assertThat(out.toString(UTF_8)).isEqualTo(String.join("\n", inputs) + "\n");
  }

  @Test
  void unorderedWritesAResultWhileAnEarlierJobStillRuns() throws Exception {
    CompletableFuture<Jobs.Ended> slow = new CompletableFuture<>();
    Jobs jobs =
        (input, ended) -> {
          if (input.equals("slow")) {
            slow.complete(ended);
          } else {
            echo.submit(input, ended);
          }
        };
    CompletableFuture<Integer> run = start(batch(List.of("slow", "b"), jobs, new EndOrder()));
    await().atMost(LIMIT).until(() -> out.toString(UTF_8).equals("b\n"));
    slow.join().accept(text("slow"), null, Ends.REPORT);
    assertThat(run).succeedsWithin(LIMIT).isEqualTo(0);
    assertThat(out.toString(UTF_8)).isEqualTo("b\nslow\n");
  }

  @Test
  void aHandlerThatCanNotBeUsedEndsItWithOneErrorAndExitCodeTwo() {
    Jobs jobs =
        (input, ended) ->
            ended.accept(null, PoolErrors.failed(Stage.HANDLER, "x.Missing", "no"), Ends.REPORT);
    assertThatThrownBy(() -> batch(List.of("a", "b", "c"), jobs, new InputOrder()).run())
        .isInstanceOfSatisfying(LauncherException.class, e -> assertThat(e.exitCode()).isEqualTo(2))
        .hasMessage("the handler can't be used: x.Missing: no");
    assertThat(errors.toString(UTF_8)).isEmpty();
  }

  @Test
  void inputsThatCanNotBeReadEndItWithOneError() {
    InputSource broken =
        () -> {
          throw new IOException("Is a directory");
        };
    assertThatThrownBy(() -> batch(broken, echo, new InputOrder()).run())
        .isInstanceOf(LauncherException.class)
        .hasMessage("can't read the inputs: Is a directory");
  }

  @Test
  void anInterruptEndsItAtOnceWithTheResultsSoFar() throws Exception {
    CompletableFuture<String> echoed = new CompletableFuture<>();
    Jobs jobs =
        (input, ended) -> {
          if (!input.equals("hung")) {
            echo.submit(input, ended);
            echoed.complete(input);
          }
        };
    Batch batch = batch(List.of("hung", "b"), jobs, new InputOrder());
    CompletableFuture<Integer> run = start(batch);
    assertThat(echoed).succeedsWithin(LIMIT);
    batch.stop(new Stop(130, Duration.ZERO));
    assertThat(run).succeedsWithin(LIMIT).isEqualTo(130);
    assertThat(out.toString(UTF_8)).isEqualTo("b\n");
    assertThat(batch.tally().summary(batch.taken(), Duration.ofMillis(1_250), 2, 0))
        .isEqualTo("2 jobs: 1 ok, 0 failed, 1 not finished; 1.25 s, 2 workers");
  }

  @Test
  void aStopWithGraceTakesNoMoreInputAndLetsJobsEnd() throws Exception {
    CompletableFuture<Jobs.Ended> slow = new CompletableFuture<>();
    CompletableFuture<Input> neverGiven = new CompletableFuture<>();
    Iterator<Input> first = List.of(Input.of("x")).iterator();
    InputSource waiting = () -> first.hasNext() ? first.next() : neverGiven.join();
    Batch batch = batch(waiting, (input, ended) -> slow.complete(ended), new InputOrder());
    CompletableFuture<Integer> run = start(batch);
    Jobs.Ended ended = slow.get();
    batch.stop(new Stop(143, LIMIT));
    ended.accept(text("done"), null, Ends.REPORT);
    assertThat(run).succeedsWithin(LIMIT).isEqualTo(143);
    assertThat(out.toString(UTF_8)).isEqualTo("done\n");
    assertThat(batch.taken()).isEqualTo(1);
    neverGiven.complete(Input.of("too late"));
  }

  @Test
  void atTheFirstFailureItHaltsWhereThatIsAskedFor() throws Exception {
    // The failure is the third to end; what is behind it never does.
    Jobs jobs =
        (input, ended) -> {
          if (input.equals("bad")) {
            ended.accept(null, PoolErrors.lost(3, null, false, null), Ends.REPORT);
          } else if (!input.equals("hung")) {
            echo.submit(input, ended);
          }
        };
    InputSource inputs = new ArgumentSource(List.of("a", "b", "bad", "hung", "hung"));
    Batch batch = batch(inputs, jobs, new InputOrder(), Halt.parse("1"));
    assertThat(start(batch)).succeedsWithin(LIMIT).isEqualTo(3);
    assertThat(batch.stopped()).isTrue();
    assertThat(out.toString(UTF_8)).isEqualTo("a\nb\n");
  }

  @Test
  void atAShareOfFailuresItHaltsOnceThereWereTen() throws Exception {
    AtomicLong count = new AtomicLong();
    Jobs jobs =
        (input, ended) -> {
          if (count.incrementAndGet() % 4 == 1) {
            ended.accept(null, PoolErrors.lost(3, null, false, null), Ends.REPORT);
          } else {
            echo.submit(input, ended);
          }
        };
    List<String> inputs = LongStream.rangeClosed(1, 1_000).mapToObj(Long::toString).toList();
    Batch batch = batch(new ArgumentSource(inputs), jobs, new InputOrder(), Halt.parse("31%"));
    // The first is more than that, but of one; of ten it is the first, fifth and ninth.
    assertThat(start(batch)).succeedsWithin(LIMIT).isEqualTo(1);
    count.set(0);
    batch = batch(new ArgumentSource(inputs), jobs, new InputOrder(), Halt.parse("25%"));
    assertThat(start(batch)).succeedsWithin(LIMIT).isEqualTo(3);
    assertThat(batch.tally().ended()).isEqualTo(13);
  }

  @Test
  void aHaltThatIsNoneIsRefusedWithItsValue() {
    for (String wrong : List.of("0", "-1", "0%", "101%", "soon", "%", "1.5")) {
      assertThatThrownBy(() -> Halt.parse(wrong))
          .hasMessage(
              "--halt must be a number of failed jobs such as 1, or a share such as 20%, but is '"
                  + wrong
                  + "'");
    }
  }

  private Batch batch(List<String> inputs, Jobs jobs, ResultOrder order) {
    return batch(new ArgumentSource(inputs), jobs, order);
  }

  private Batch batch(InputSource source, Jobs jobs, ResultOrder order) {
    return batch(source, jobs, order, Halt.NEVER);
  }

  private Batch batch(InputSource source, Jobs jobs, ResultOrder order, Halt halt) {
    return new Batch(
        source,
        jobs,
        new Window(WORKERS),
        order,
        new TextPrinter(out, false),
        new Console(new PrintStream(errors, true, UTF_8)),
        Progress.none(),
        false,
        halt);
  }

  private static CompletableFuture<Integer> start(Batch batch) {
    CompletableFuture<Integer> run = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                run.complete(batch.run());
              } catch (IOException | InterruptedException | RuntimeException e) {
                run.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return run;
  }

  private static TextResult text(String text) {
    return new TextResult(text, true);
  }
}
