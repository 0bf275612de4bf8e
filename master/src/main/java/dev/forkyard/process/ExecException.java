package dev.forkyard.process;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A program did not exit with 0, was killed, or could not be started (then the cause is a {@link
 * ProcessStartException}); or the heap had no room for its output, of which there is none then. The
 * message tells the command, what happened and its last words.
 */
public final class ExecException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final int MAX_WORDS_CHARS = 500;

  private final transient ExecResult result;
  private final boolean timedOut;
  private final boolean canceled;
  private final boolean forced;
  private final boolean stdoutCut;
  private final boolean stderrCut;

  ExecException(
      ExecResult result,
      boolean timedOut,
      boolean canceled,
      boolean forced,
      boolean stdoutCut,
      boolean stderrCut,
      String why,
      @Nullable Throwable cause) {
    super(ProcessStartException.quoted(result.command()) + " " + why + lastWords(result), cause);
    this.result = result;
    this.timedOut = timedOut;
    this.canceled = canceled;
    this.forced = forced;
    this.stdoutCut = stdoutCut;
    this.stderrCut = stderrCut;
  }

  static ExecException notStarted(
      List<String> command, ExecOptions options, ProcessStartException cause) {
    byte[] nothing = {};
    ExecResult result =
        new ExecResult(
            command,
            OptionalInt.empty(),
            Optional.empty(),
            nothing,
            nothing,
            options.interleaved() ? nothing : null,
            options.charset(),
            Duration.ZERO);
    return new ExecException(
        result, false, false, false, false, false, "was not started: " + cause.getMessage(), cause);
  }

  private static String lastWords(ExecResult result) {
    String said = result.stderr().strip();
    if (said.isEmpty()) {
      return "";
    }
    return said.length() <= MAX_WORDS_CHARS
        ? "; stderr: " + said
        : "; stderr ends: ..." + said.substring(said.length() - MAX_WORDS_CHARS);
  }

  /** Exit code or signal, and the output so far. */
  public ExecResult result() {
    return result;
  }

  /** Whether it was killed because its time was up. */
  public boolean timedOut() {
    return timedOut;
  }

  /** Whether it was killed because {@link ExecOptions.Builder#cancelOn} completed. */
  public boolean canceled() {
    return canceled;
  }

  /** Whether it did not heed the kill signal in its grace, so that {@code SIGKILL} followed. */
  public boolean forced() {
    return forced;
  }

  /** Whether it was killed because it wrote more than {@link ExecOptions.Builder#maxBuffer}. */
  public boolean maxBufferExceeded() {
    return stdoutCut || stderrCut;
  }

  /** Whether standard output is cut after {@code maxBuffer} bytes. */
  public boolean stdoutCut() {
    return stdoutCut;
  }

  /** Whether standard error is cut after {@code maxBuffer} bytes. */
  public boolean stderrCut() {
    return stderrCut;
  }
}
