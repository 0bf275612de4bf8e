package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.pool.JobFailedException.Stage;
import dev.forkyard.pool.JobTimeoutException.Deadline;
import dev.forkyard.pool.PoolErrors;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailureTest {

  @ParameterizedTest
  @MethodSource("endings")
  void tellsWhatHappened(Throwable error, String kind, String message) {
    assertThat(Failure.of(error)).isEqualTo(new Failure(kind, message));
  }

  static Stream<Arguments> endings() {
    return Stream.of(
        Arguments.of(
            PoolErrors.failed(Stage.RUN, "java.io.IOException", "gone"),
            "failed",
            "threw java.io.IOException: gone"),
        Arguments.of(
            PoolErrors.failed(Stage.INPUT, "x.Bad", "no number"),
            "failed",
            "the input can't be read: x.Bad: no number"),
        Arguments.of(
            PoolErrors.failed(Stage.RUN, "java.lang.OutOfMemoryError", "Direct buffer memory"),
            "out-of-memory",
            "ran out of memory: java.lang.OutOfMemoryError: Direct buffer memory"),
        Arguments.of(
            PoolErrors.lost(3, null, false, null), "lost", "worker 4711 exited with code 3"),
        Arguments.of(
            PoolErrors.lost(137, "SIGKILL", false, null),
            "lost",
            "worker 4711 was killed by SIGKILL"),
        Arguments.of(
            PoolErrors.lost(134, "SIGSEGV", false, "/tmp/hs_err_pid1.log"),
            "lost",
            "worker 4711 crashed by SIGSEGV (report: /tmp/hs_err_pid1.log)"),
        Arguments.of(
            PoolErrors.lost(3, null, true, null),
            "out-of-memory",
            "worker 4711 ran out of memory (exit code 3)"),
        Arguments.of(
            PoolErrors.lost(0, null, false, null, true, 1),
            "lost",
            "worker 4711 exited with code 0, after the job had ended and before its result arrived"),
        Arguments.of(PoolErrors.lost(-1, null, false, null), "lost", "worker 4711 was lost"),
        Arguments.of(
            PoolErrors.timeout(Deadline.RUN, Duration.ofSeconds(1)),
            "timeout",
            "timed out: ran longer than 1s, worker 4711 killed"),
        Arguments.of(new CancellationException(), "cancelled", "cancelled"),
        Arguments.of(PoolErrors.rejected("too large"), "rejected", "too large"),
        Arguments.of(PoolErrors.broken("no start"), "broken", "no start"),
        Arguments.of(
            PoolErrors.broken(
                "it said: Unrecognized option: -Xbogus\n"
                    + "Error: Could not create the Java Virtual Machine.\n"
                    + "Error: A fatal exception has occurred. Program will exit.\n"
                    + "  and more"),
            "broken",
            "it said: Unrecognized option: -Xbogus | and more"),
        Arguments.of(
            new IllegalStateException("odd"), "failed", "java.lang.IllegalStateException: odd"));
  }

  @Test
  void theLineNamesJobInputAndAttempt() {
    var error = PoolErrors.lost(137, "SIGKILL", false, null, false, 3);
    assertThat(Failure.line(Ends.failed(12, "a\nb", error), error))
        .isEqualTo("job 12 \"a\\nb\": worker 4711 was killed by SIGKILL (attempt 3)");
  }

  @Test
  void aMessageOfManyLinesStaysOneLine() {
    var error = PoolErrors.failed(Stage.RUN, "x.Y", "first\n\tsecond");
    assertThat(Failure.line(Ends.failed(1, "a", error), error))
        .isEqualTo("job 1 \"a\": threw x.Y: first\\n\\tsecond");
  }

  @Test
  void detailsAreWhatTheWorkerLeft() {
    assertThat(Failure.details(PoolErrors.failed(Stage.RUN, "x.Y", "m"))).isEqualTo("the stack");
    assertThat(Failure.details(PoolErrors.lost(1, null, false, null))).isEqualTo("the last words");
    assertThat(Failure.details(PoolErrors.timeout(Deadline.RUN, Duration.ofSeconds(1))))
        .isEqualTo("the threads");
  }
}
