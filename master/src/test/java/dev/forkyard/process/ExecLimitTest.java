package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.failure;
import static dev.forkyard.process.Marked.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs that are ended: by their time limit, by a cancel, or by whoever completes the future.
 */
@Timeout(60)
class ExecLimitTest {

  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration ENOUGH = Duration.ofSeconds(10);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final int TRIES = 10;

  @RegisterExtension private final Marked children = new Marked();

  /**
   * How a program ends whose time is up when it has said "out". On a slow machine it may not have
   * come so far in a short time; then it gets a longer one.
   */
  private static ExecException timedOut(String commandLine, ExecOptions.Builder options)
      throws Exception {
    Duration timeout = SHORT;
    ExecException failure =
        failure(ChildProcess.exec(commandLine, options.timeout(timeout).build()));
    while (!failure.result().stdout().startsWith("out\n") && timeout.compareTo(ENOUGH) < 0) {
      timeout = timeout.multipliedBy(2);
      failure = failure(ChildProcess.exec(commandLine, options.timeout(timeout).build()));
    }
    assertThat(failure.timedOut()).isTrue();
    assertThat(failure).hasMessageContaining("timed out after " + timeout.toMillis() + " ms");
    return failure;
  }

  @Test
  void aProgramWhoseTimeIsUpGetsTheChosenSignal() throws Exception {
    for (String signal : List.of("SIGTERM", "INT", "SIGUSR1", "SIGKILL")) {
      ExecOptions.Builder options = children.exec().killSignal(signal).killGrace(LONG);
      // Whoever runs the tests may ignore some, which children inherit.
      String command = "exec env --default-signal sh -c 'echo out; sleep 1000; exit 3'";
      ExecException failure = timedOut(command, options);
      assertThat(failure.canceled()).isFalse();
      assertThat(failure.forced()).isFalse();
      assertThat(failure.result().exitCode()).isEmpty();
      assertThat(failure.result().signal().orElse("")).endsWith(signal);
      assertThat(failure.result().stdout()).isEqualTo("out\n");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void itsDescendantsGetTheSignalToo(boolean ownSession) throws Exception {
    for (String signal : List.of("SIGTERM", "SIGUSR1")) {
      ExecOptions.Builder options = exec(ownSession).killSignal(signal).killGrace(LONG);
      ExecException failure = timedOut("echo out; sleep 1000 & sh -c 'sleep 1000; :'; :", options);
      assertThat(failure.result().signal()).hasValue(signal);
      assertThat(failure.result().stdout()).isEqualTo("out\n");
      children.awaitNoneLeft();
    }
  }

  @Test
  void aProgramThatIgnoresTheSignalIsForcedAfterTheGrace() throws Exception {
    CompletableFuture<String> signal = new CompletableFuture<>();
    ExecOptions options = children.exec().cancelOn(signal).killGrace(SHORT).build();
    CompletableFuture<ExecResult> future =
        ChildProcess.exec("trap '' TERM; echo out; while :; do sleep 1000; done", options);
    // A time limit may be up before the trap is set.
    await().atMost(LIMIT).until(() -> children.alive("sleep 1000").size() == 2);
    signal.complete("");
    ExecException failure = failure(future);
    assertThat(failure.canceled()).isTrue();
    assertThat(failure.forced()).isTrue();
    assertThat(failure.result().signal()).hasValue("SIGKILL");
    assertThat(failure.result().stdout()).isEqualTo("out\n");
  }

  @Test
  void aProgramThatCatchesTheSignalMayEndInItsOwnWay() throws Exception {
    ExecException failure =
        timedOut(
            "trap 'echo bye; exit 7' TERM; echo out; sleep 1000 & wait",
            children.exec().killGrace(LONG));
    assertThat(failure.forced()).isFalse();
    assertThat(failure.result().exitCode()).hasValue(7);
    assertThat(failure.result().stdout()).isEqualTo("out\nbye\n");
  }

  @Test
  void noGraceIsForceAtOnce() throws Exception {
    ExecException failure =
        timedOut(
            "trap '' TERM; echo out; while :; do sleep 1; done",
            children.exec().killGrace(Duration.ZERO));
    assertThat(failure.forced()).isTrue();
    assertThat(failure.result().signal()).hasValue("SIGKILL");
  }

  private ExecOptions.Builder exec(boolean ownSession) {
    return ownSession ? children.exec().ownSession() : children.exec();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTimeThatIsUpTakesDescendantsAlongThatIgnoreTheSignal(boolean ownSession) throws Exception {
    ExecOptions options = exec(ownSession).timeout(SHORT).killGrace(LONG).build();
    String stubborn = "(trap '' TERM; sleep 1000; sleep 1000) & ";
    ExecException failure = failure(ChildProcess.exec(stubborn + "sleep 1000", options));
    assertThat(failure.timedOut()).isTrue();
    children.awaitNoneLeft();
  }

  @Test
  void aProgramThatEndsEarlierIsNotTimedOutAndLeavesNoTimer() throws Exception {
    // The longest that there is must not overflow.
    for (Duration timeout : List.of(LONG, ChronoUnit.FOREVER.getDuration())) {
      ExecOptions options = children.exec().timeout(timeout).killGrace(timeout).build();
      assertThat(get(ChildProcess.exec("echo out", options)).stdout()).isEqualTo("out\n");
    }
    // What a timer that was kept would keep.
    List<WeakReference<Object>> references = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      CompletableFuture<ExecResult> future =
          ChildProcess.exec("echo out", children.exec().timeout(LONG).build());
      references.add(new WeakReference<>(future));
      get(future);
    }
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              System.gc();
              return references.stream().filter(each -> each.get() != null).count() <= 1;
            });
  }

  @Test
  void aCancelEndsTheProgramAndKeepsItsOutputSoFar() throws Exception {
    CompletableFuture<String> signal = new CompletableFuture<>();
    ExecOptions options = children.exec().cancelOn(signal).killGrace(LONG).build();
    CompletableFuture<ExecResult> future = ChildProcess.exec("echo out; exec sleep 1000", options);
    await()
        .atMost(LIMIT)
        .until(() -> children.alive("sleep 1000").size() == 1 && children.alive("echo").isEmpty());
    signal.completeExceptionally(new IllegalStateException("whatever way"));
    ExecException failure = failure(future);
    assertThat(failure.canceled()).isTrue();
    assertThat(failure.timedOut()).isFalse();
    assertThat(failure.forced()).isFalse();
    assertThat(failure.result().signal()).hasValue("SIGTERM");
    assertThat(failure.result().stdout()).isEqualTo("out\n");
    assertThat(failure).hasMessageContaining("was canceled");
  }

  @Test
  void aCancelBeforeTheStartEndsTheProgramByItsSignalToo() throws Exception {
    ExecOptions options =
        children.exec().cancelOn(CompletableFuture.completedFuture(null)).killGrace(LONG).build();
    ExecException failure = failure(ChildProcess.exec("exec sleep 1000", options));
    assertThat(failure.canceled()).isTrue();
    assertThat(failure.result().signal()).hasValue("SIGTERM");
  }

  @Test
  void aCancelThatComesTooLateChangesNothing() throws Exception {
    int tries = 1;
    while (aLateCancelCounts()) {
      assertThat(tries++).as("late cancels that counted").isLessThan(TRIES);
    }
  }

  /** Java learns of an end a moment later than this test may, so it may count now and then. */
  private boolean aLateCancelCounts() throws Exception {
    CompletableFuture<Void> signal = new CompletableFuture<>();
    ExecOptions options = children.exec().cancelOn(signal).build();
    CompletableFuture<ExecResult> future = ChildProcess.exec("sleep 1000 & echo out", options);
    // It has ended, but what it left behind holds its output open.
    await()
        .atMost(LIMIT)
        .until(
            () -> children.alive("sleep 1000").size() == 1 && children.alive("echo out").isEmpty());
    signal.complete(null);
    try {
      assertThat(get(future).stdout()).isEqualTo("out\n");
      return false;
    } catch (ExecutionException e) {
      assertThat(((ExecException) e.getCause()).canceled()).isTrue();
      return true;
    } finally {
      children.killAll();
      children.awaitNoneLeft();
    }
  }

  @Test
  void oneSignalForManyProgramsKeepsNoneOfThem() throws Exception {
    CompletableFuture<Void> signal = new CompletableFuture<>();
    ExecOptions options = children.exec().cancelOn(signal).build();
    for (int i = 0; i < 20; i++) {
      get(ChildProcess.exec("true", options));
    }
    await().atMost(LIMIT).until(() -> signal.getNumberOfDependents() <= 1);
  }

  @Test
  void whoeverElseCompletesTheFutureKillsAllOfTheProgram() throws Exception {
    List<CompletableFuture<ExecResult>> futures = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      futures.add(
          children.exec("trap '' TERM; sleep 1000 & sh -c \"trap '' TERM; sleep 1000; :\"; :"));
    }
    await().atMost(LIMIT).until(() -> children.alive().size() == 12);
    futures.get(0).cancel(true);
    futures.get(1).complete(null);
    futures.get(2).orTimeout(1, TimeUnit.MILLISECONDS);
    children.awaitNoneLeft();
    assertThat(futures.get(0)).isCancelled();
    assertThat(futures.get(1)).isCompletedWithValue(null);
    assertThat(futures.get(2))
        .failsWithin(LIMIT)
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void aCallbackThatBlocksHoldsUpNoOtherProgram(@TempDir Path directory) throws Exception {
    // One that is added when the program has ended would run on this thread.
    Path added = directory.resolve("added");
    CountDownLatch held = new CountDownLatch(1);
    CompletableFuture<Void> blocked = new CompletableFuture<>();
    var unused =
        children
            .exec("while [ ! -e " + added + " ]; do sleep 0.01; done")
            .thenAccept(
                result -> {
                  blocked.complete(null);
                  try {
                    held.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    Files.createFile(added);
    get(blocked);
    assertThat(get(children.exec("echo next")).stdout()).isEqualTo("next\n");
    held.countDown();
  }

  @Test
  void aCallbackMayRunAnotherProgramAndWaitForIt() throws Exception {
    CompletableFuture<String> nested =
        children.exec("echo out").thenApply(result -> children.exec("echo in").join().stdout());
    assertThat(get(nested)).isEqualTo("in\n");
  }
}
