package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WindowTest {

  private static final int WORKERS = 2;
  private static final int LEAST_IN_FLIGHT = 2 * WORKERS;

  @Test
  void readsAheadOnlyAFewInputsBeforeTheFirstJobEnds() throws Exception {
    Window window = new Window(WORKERS);
    fill(window, LEAST_IN_FLIGHT);
    assertWaits(window);
  }

  @Test
  void readsFurtherAheadTheMoreJobsHaveEnded() throws Exception {
    Window window = new Window(WORKERS);
    for (int i = 0; i < 100; i++) {
      runOne(window, 10);
    }
    fill(window, LEAST_IN_FLIGHT + 100);
    assertWaits(window);
  }

  @Test
  void neverHoldsMoreJobsThanItsLimit() throws Exception {
    Window window = new Window(WORKERS, 50, Window.MAX_BYTES);
    fill(window, 1);
    for (int i = 1; i < 50; i++) {
      fill(window, 1);
      window.ended(1, 1);
    }
    assertThat(window.full()).isTrue();
    assertWaits(window);
  }

  @Test
  void neverHoldsMuchMoreBytesThanItsLimit() throws Exception {
    Window window = new Window(WORKERS, 10_000, 1_000);
    fill(window, 2);
    window.ended(1, 1_000);
    assertThat(window.full()).isTrue();
    assertWaits(window);
  }

  @Test
  void takesFewerInputsWhileResultsAreLarge() throws Exception {
    Window window = new Window(WORKERS, 10_000, 1_000);
    for (int i = 0; i < 100; i++) {
      runOne(window, 200);
    }
    fill(window, 5);
    assertWaits(window);
  }

  @Test
  void aPrintedResultMakesRoom() throws Exception {
    Window window = new Window(WORKERS, 10_000, 1_000);
    fill(window, 2);
    window.ended(1, 1_000);
    CompletableFuture<Boolean> room = awaitRoom(window);
    window.printed(1_000);
    assertThat(room).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(true);
  }

  @Test
  void closedItWakesTheReaderAndAdmitsNoMore() throws Exception {
    Window window = new Window(WORKERS);
    fill(window, LEAST_IN_FLIGHT);
    CompletableFuture<Boolean> room = awaitRoom(window);
    assertThat(window.close()).isEqualTo(LEAST_IN_FLIGHT);
    assertThat(room).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(false);
    assertThat(window.admit(1)).isZero();
  }

  private static void runOne(Window window, long resultBytes) throws InterruptedException {
    fill(window, 1);
    window.ended(1, resultBytes);
    window.printed(resultBytes);
  }

  private static void fill(Window window, int inputs) throws InterruptedException {
    for (int i = 0; i < inputs; i++) {
      assertThat(window.awaitRoom()).isTrue();
      assertThat(window.admit(1)).isPositive();
    }
  }

  private static void assertWaits(Window window) {
    CompletableFuture<Boolean> room = awaitRoom(window);
    assertThat(room).isNotDone();
    window.close();
    assertThat(room).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(false);
  }

  /** Asks for room on another thread, and returns once that has its answer or waits for it. */
  private static CompletableFuture<Boolean> awaitRoom(Window window) {
    CompletableFuture<Boolean> room = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                room.complete(window.awaitRoom());
              } catch (InterruptedException e) {
                room.completeExceptionally(e);
              }
            });
    reader.setDaemon(true);
    reader.start();
    await().until(() -> room.isDone() || reader.getState() == Thread.State.WAITING);
    return room;
  }
}
