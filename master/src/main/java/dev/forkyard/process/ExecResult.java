package dev.forkyard.process;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a program that was run to its end has left. */
public final class ExecResult {

  private final List<String> command;
  private final OptionalInt exitCode;
  private final Optional<String> signal;
  private final byte[] stdout;
  private final byte[] stderr;
  private final byte @Nullable [] all;
  private final Charset charset;
  private final Duration duration;

  ExecResult(
      List<String> command,
      OptionalInt exitCode,
      Optional<String> signal,
      byte[] stdout,
      byte[] stderr,
      byte @Nullable [] all,
      Charset charset,
      Duration duration) {
    this.command = command;
    this.exitCode = exitCode;
    this.signal = signal;
    this.stdout = stdout;
    this.stderr = stderr;
    this.all = all;
    this.charset = charset;
    this.duration = duration;
  }

  /** The program and its arguments. */
  public List<String> command() {
    return command;
  }

  /** The exit code; empty if a signal ended the program, or it never started. */
  public OptionalInt exitCode() {
    return exitCode;
  }

  /**
   * The signal that ended the program, such as {@code SIGTERM}; empty if it exited by itself. It is
   * inferred, as {@link ExitStatus} says.
   */
  public Optional<String> signal() {
    return signal;
  }

  /** Its standard output as text; a character that was cut is left out. */
  public String stdout() {
    return text(stdout);
  }

  /** Its standard error as text. */
  public String stderr() {
    return text(stderr);
  }

  /**
   * Both as text, in the order in which they were read.
   *
   * @throws IllegalStateException if {@link ExecOptions.Builder#interleaved} was not set
   */
  public String all() {
    return text(allBytes());
  }

  private String text(byte[] bytes) {
    return Text.decodeWhole(charset, ByteBuffer.wrap(bytes));
  }

  /** Its standard output. */
  public byte[] stdoutBytes() {
    return stdout.clone();
  }

  /** Its standard error. */
  public byte[] stderrBytes() {
    return stderr.clone();
  }

  /**
   * Both, in the order in which they were read.
   *
   * @throws IllegalStateException if {@link ExecOptions.Builder#interleaved} was not set
   */
  public byte[] allBytes() {
    if (all == null) {
      throw new IllegalStateException("set ExecOptions.interleaved() to have both as one");
    }
    return all.clone();
  }

  /** From the start until all of its output was read. */
  public Duration duration() {
    return duration;
  }
}
