package dev.forkyard.process;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** How {@link ChildProcess#exec} and {@link ChildProcess#execFile} run a program. Immutable. */
public final class ExecOptions extends ProcessOptions {

  private static final ExecOptions DEFAULTS = builder().build();
  private static final int DEFAULT_MAX_BUFFER = 1 << 20;

  private final Charset charset;
  private final @Nullable Duration timeout;
  private final String killSignal;
  private final Duration killGrace;
  private final int maxBuffer;
  private final byte @Nullable [] input;
  private final @Nullable Path inputFile;
  private final boolean interleaved;
  private final @Nullable CompletableFuture<?> cancelOn;

  private ExecOptions(Builder builder) {
    super(builder);
    this.charset = builder.charset;
    this.timeout = builder.timeout;
    this.killSignal = builder.killSignal;
    this.killGrace = builder.killGrace;
    this.maxBuffer = builder.maxBuffer;
    this.input =
        builder.inputText == null ? builder.input : builder.inputText.getBytes(builder.charset);
    this.inputFile = builder.inputFile;
    this.interleaved = builder.interleaved;
    this.cancelOn = builder.cancelOn;
  }

  /** No time limit, 1 MiB of each output, no input, UTF-8. */
  public static ExecOptions defaults() {
    return DEFAULTS;
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  Charset charset() {
    return charset;
  }

  @Nullable Duration timeout() {
    return timeout;
  }

  String killSignal() {
    return killSignal;
  }

  Duration killGrace() {
    return killGrace;
  }

  int maxBuffer() {
    return maxBuffer;
  }

  byte @Nullable [] input() {
    return input;
  }

  Stdio stdin() {
    if (input != null) {
      return Stdio.pipe();
    }
    return inputFile == null ? Stdio.ignore() : Stdio.file(inputFile);
  }

  boolean interleaved() {
    return interleaved;
  }

  @Nullable CompletableFuture<?> cancelOn() {
    return cancelOn;
  }

  /** Collects options. */
  public static final class Builder extends ProcessOptions.Builder<Builder> {

    private Charset charset = StandardCharsets.UTF_8;
    private @Nullable Duration timeout;
    private String killSignal = "SIGTERM";
    private Duration killGrace = Duration.ofSeconds(5);
    private int maxBuffer = DEFAULT_MAX_BUFFER;
    private byte @Nullable [] input;
    private @Nullable String inputText;
    private @Nullable Path inputFile;
    private boolean interleaved;
    private @Nullable CompletableFuture<?> cancelOn;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /** How output is read and a text given as input is written; by default UTF-8. */
    public Builder charset(Charset charset) {
      this.charset = Objects.requireNonNull(charset, "charset");
      return this;
    }

    /**
     * How long the program may run before it is killed, with all that it started; by default
     * without limit.
     *
     * @throws IllegalArgumentException if it is zero or negative
     */
    public Builder timeout(Duration timeout) {
      this.timeout = positive("timeout", timeout);
      return this;
    }

    /**
     * The signal that asks it to end, at a timeout, a cancel, or too much output; by default {@code
     * SIGTERM}.
     *
     * @throws IllegalArgumentException if there is no such signal
     */
    public Builder killSignal(String signal) {
      this.killSignal = Signals.checked(signal);
      return this;
    }

    /**
     * How long after that signal {@code SIGKILL} follows; by default 5 s. Zero is at once.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder killGrace(Duration grace) {
      if (grace.isNegative()) {
        throw new IllegalArgumentException("killGrace must not be negative, but is " + grace);
      }
      this.killGrace = grace;
      return this;
    }

    /**
     * How many bytes of standard output, and of standard error, are kept; a program that writes
     * more is killed. By default 1 MiB, as in Node.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder maxBuffer(int bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException("maxBuffer must be 0 or more, but is " + bytes);
      }
      this.maxBuffer = bytes;
      return this;
    }

    /** All of its standard input; by default it is empty. */
    public Builder input(byte[] bytes) {
      return input(bytes.clone(), null, null);
    }

    /** All of its standard input, written in the {@link #charset}. */
    public Builder input(String text) {
      return input(null, Objects.requireNonNull(text, "text"), null);
    }

    /** The file that it reads as its standard input. */
    public Builder input(Path file) {
      return input(null, null, Objects.requireNonNull(file, "file"));
    }

    private Builder input(byte @Nullable [] bytes, @Nullable String text, @Nullable Path file) {
      this.input = bytes;
      this.inputText = text;
      this.inputFile = file;
      return this;
    }

    /**
     * Keeps standard output and error also as one, in the order in which they are read: {@link
     * ExecResult#all}. What is written to both at nearly the same time may change places.
     */
    public Builder interleaved() {
      this.interleaved = true;
      return this;
    }

    /**
     * Kills the program when this completes, in any way; the result is then an {@link
     * ExecException} that is {@link ExecException#canceled} and has the output so far. (To cancel
     * the future itself kills too, but then there is no result.)
     */
    public Builder cancelOn(CompletionStage<?> signal) {
      this.cancelOn = signal.toCompletableFuture();
      return this;
    }

    /** The options. */
    public ExecOptions build() {
      return new ExecOptions(this);
    }
  }
}
