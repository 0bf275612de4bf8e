package dev.forkyard.pool;

import dev.forkyard.process.ExitStatus;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the end of a worker process.
 *
 * @param exitCode as the JDK reports it, negative where it is not known
 * @param signal the signal's name, where one ended it
 * @param crashReport the path of the JVM's crash report, where it wrote one
 * @param crashReportHead how it begins; empty where there is none
 * @param wasFrozen whether it was killed since it showed no sign of life
 */
record WorkerDeath(
    int exitCode,
    @Nullable String signal,
    boolean outOfMemory,
    String outputTail,
    @Nullable String crashReport,
    String crashReportHead,
    boolean wasFrozen)
    implements Serializable {

  /** Nothing is known. */
  static final WorkerDeath UNSEEN = new WorkerDeath(-1, null, false, "", null, "", false);

  private static final String OUT_OF_MEMORY = "Terminating due to java.lang.OutOfMemoryError";
  private static final int EXIT_ON_OUT_OF_MEMORY = 3;
  private static final Set<String> CRASHES =
      Set.of("SIGABRT", "SIGBUS", "SIGSEGV", "SIGILL", "SIGFPE");

  private static final int REPORT_HEAD_BYTES = 4096;

  /**
   * Reads the evidence.
   *
   * @param exitMarked whether the JVM ran its shutdown hooks, so that the code is its own
   * @param report where a crash report would lie
   * @param started when the worker was; a report from before is that of another process, since
   *     process ids repeat
   */
  static WorkerDeath examine(
      ExitStatus status, boolean exitMarked, String outputTail, Path report, Instant started) {
    String crashed = !exitMarked && isFrom(started, report) ? report.toString() : null;
    String head = crashed == null ? "" : headOf(report);
    String signal = null;
    if (crashed != null) {
      signal = signalIn(head);
    } else if (!exitMarked) {
      signal = status.signal().orElse(null);
    }
    boolean outOfMemory =
        status.value() == EXIT_ON_OUT_OF_MEMORY
            && !exitMarked
            && outputTail.contains(OUT_OF_MEMORY);
    return new WorkerDeath(status.value(), signal, outOfMemory, outputTail, crashed, head, false);
  }

  WorkerDeath frozen() {
    return new WorkerDeath(
        exitCode, signal, outOfMemory, outputTail, crashReport, crashReportHead, true);
  }

  boolean isKill() {
    return "SIGKILL".equals(signal);
  }

  /** The kernel has ended processes for want of memory while it lived, so likely this one. */
  WorkerDeath byKernel() {
    return new WorkerDeath(
        exitCode, signal, true, outputTail, crashReport, crashReportHead, wasFrozen);
  }

  private static boolean isFrom(Instant started, Path report) {
    try {
      // Some file systems keep whole seconds only.
      Instant second = started.truncatedTo(ChronoUnit.SECONDS);
      return !Files.getLastModifiedTime(report).toInstant().isBefore(second);
    } catch (IOException none) {
      return false;
    }
  }

  private static String headOf(Path report) {
    try (var in = Files.newInputStream(report)) {
      return new String(in.readNBytes(REPORT_HEAD_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  private static String signalIn(String head) {
    Matcher signal = Pattern.compile("(?m)^#\\s+(SIG[A-Z0-9]+) ").matcher(head);
    return signal.find() ? signal.group(1) : "SIGABRT";
  }

  /** Whether its JVM ended by an error of the JVM's own, or of native code. */
  boolean crashed() {
    return crashReport != null || (signal != null && CRASHES.contains(signal));
  }

  /** What happened, to follow "worker 1234". */
  String describe() {
    if (wasFrozen) {
      return "showed no sign of life and was killed";
    } else if (outOfMemory && isKill()) {
      return "was killed by SIGKILL, by the kernel, it seems, which had no more memory";
    } else if (outOfMemory) {
      return "ran out of memory (exit code 3)";
    } else if (crashReport != null) {
      return "crashed by " + signal + " (crash report " + crashReport + ")";
    } else if (signal != null) {
      return "was killed by " + signal;
    } else if (exitCode >= 0) {
      return "exited with code " + exitCode;
    }
    return "was lost";
  }
}
