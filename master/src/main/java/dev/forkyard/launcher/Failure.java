package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import dev.forkyard.pool.JobException;
import dev.forkyard.pool.JobFailedException;
import dev.forkyard.pool.JobFailedException.Stage;
import dev.forkyard.pool.JobRejectedException;
import dev.forkyard.pool.JobTimeoutException;
import dev.forkyard.pool.PoolBrokenException;
import dev.forkyard.pool.WorkerLostException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/**
 * Why a job failed, in words.
 *
 * @param kind one word for programs
 * @param message for people
 */
record Failure(String kind, String message) {

  private static final Set<String> JAVAS_PHRASES =
      Set.of(
          "Error: Could not create the Java Virtual Machine.",
          "Error: A fatal exception has occurred. Program will exit.");

  static Failure of(Throwable error) {
    if (error instanceof JobFailedException failed) {
      return ofThrown(failed);
    } else if (error instanceof WorkerLostException lost) {
      return ofLost(lost);
    } else if (error instanceof JobTimeoutException timeout) {
      return ofTimeout(timeout);
    } else if (error instanceof CancellationException) {
      return new Failure("cancelled", "cancelled");
    } else if (error instanceof UnusableInputException || error instanceof JobRejectedException) {
      return new Failure("rejected", String.valueOf(error.getMessage()));
    } else if (error instanceof PoolBrokenException) {
      return new Failure("broken", withoutJavasPhrases(String.valueOf(error.getMessage())));
    }
    return new Failure("failed", error.toString());
  }

  /** The line for a failed job: which, given what, and what happened. */
  static String line(JobEnd end, Throwable error) {
    String attempt =
        error instanceof JobException known && known.attempt() > 1
            ? " (attempt " + known.attempt() + ")"
            : "";
    return "job %d %s: %s%s"
        .formatted(
            end.number(),
            OneLine.quoted(end.input().text()),
            OneLine.of(of(error).message()),
            attempt);
  }

  /** Stack, thread dump or last output, where there is any; for {@code --verbose}. */
  static String details(Throwable error) {
    if (error instanceof JobFailedException failed) {
      return failed.remoteStack();
    } else if (error instanceof WorkerLostException lost) {
      return lost.outputTail();
    } else if (error instanceof JobTimeoutException timeout) {
      return timeout.threadDump().orElse("");
    } else if (error instanceof PoolBrokenException) {
      return String.valueOf(error.getMessage());
    }
    return "";
  }

  /** What java adds to every reason why it could not start says nothing. */
  private static String withoutJavasPhrases(String message) {
    return message
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !JAVAS_PHRASES.contains(line))
        .collect(Collectors.joining(" | "));
  }

  private static Failure ofThrown(JobFailedException failed) {
    if (failed.outOfMemory()) {
      return new Failure("out-of-memory", "ran out of memory: " + failed.getMessage());
    }
    String what =
        switch (failed.stage()) {
          case RUN -> "threw ";
          case INPUT -> "the input can't be read: ";
          case OUTPUT -> "the result can't be sent: ";
          case HANDLER -> "the handler can't be used: ";
        };
    return new Failure("failed", what + failed.getMessage());
  }

  private static Failure ofLost(WorkerLostException lost) {
    String worker = worker(lost);
    if (lost.outOfMemory()) {
      return new Failure("out-of-memory", worker + " ran out of memory" + exitCode(lost));
    }
    String what =
        lost.signal()
            .map(signal -> lost.crashReport().isPresent() ? crash(lost) : "was killed by " + signal)
            .orElseGet(() -> exit(lost));
    String when = lost.finished() ? ", after the job had ended and before its result arrived" : "";
    return new Failure("lost", worker + " " + what + when);
  }

  private static String crash(WorkerLostException lost) {
    return "crashed by %s (report: %s)"
        .formatted(lost.signal().orElse("a signal"), lost.crashReport().orElseThrow());
  }

  private static String exit(WorkerLostException lost) {
    return lost.exitCode().isPresent()
        ? "exited with code " + lost.exitCode().getAsInt()
        : "was lost";
  }

  private static String exitCode(WorkerLostException lost) {
    return lost.exitCode().isPresent() ? " (exit code " + lost.exitCode().getAsInt() + ")" : "";
  }

  private static Failure ofTimeout(JobTimeoutException timeout) {
    String after = Durations.format(timeout.timeout());
    String what =
        switch (timeout.deadline()) {
          case RUN -> "timed out: ran longer than " + after + ", " + worker(timeout) + " killed";
          case SOFT -> "timed out: stopped when asked to after " + after;
          case QUEUE -> "timed out: waited longer than " + after + " and never ran";
          case STALL -> "timed out: no progress for " + after + ", " + worker(timeout) + " killed";
        };
    return new Failure("timeout", what);
  }

  private static String worker(JobException error) {
    return error.workerPid().isPresent() ? "worker " + error.workerPid().getAsLong() : "its worker";
  }

  /** Whether no job of this batch can do better. */
  static boolean endsBatch(Throwable error) {
    return error instanceof PoolBrokenException
        || error instanceof JobFailedException failed && failed.stage() == Stage.HANDLER;
  }
}
