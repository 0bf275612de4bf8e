package dev.forkyard.process;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How {@link ChildProcess#spawn} starts a program. Immutable. */
public final class SpawnOptions extends ProcessOptions {

  private static final SpawnOptions DEFAULTS = builder().build();

  private final Streams streams;
  private final boolean detached;
  private final boolean killTreeOnExit;
  private final boolean socket;
  private final @Nullable ProcessGuard guard;

  private SpawnOptions(Builder builder) {
    super(builder);
    this.streams = new Streams(builder.stdin, builder.stdout, builder.stderr, builder.merge);
    this.detached = builder.detached;
    this.killTreeOnExit = builder.killTreeOnExit;
    this.socket = builder.socket;
    this.guard = builder.guard;
  }

  /** Three pipes, this program's directory and environment. */
  public static SpawnOptions defaults() {
    return DEFAULTS;
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  Streams streams() {
    return streams;
  }

  boolean detached() {
    return detached;
  }

  @Override
  boolean ownSession() {
    return super.ownSession() || detached || killTreeOnExit;
  }

  boolean killTreeOnExit() {
    return killTreeOnExit;
  }

  boolean socket() {
    return socket;
  }

  @Nullable ProcessGuard guard() {
    return guard;
  }

  /** The standard streams of a process; {@code merge}: its errors go where its output goes. */
  record Streams(Stdio stdin, Stdio stdout, Stdio stderr, boolean merge) {}

  /** Collects options. */
  public static final class Builder extends ProcessOptions.Builder<Builder> {

    private Stdio stdin = Stdio.pipe();
    private Stdio stdout = Stdio.pipe();
    private Stdio stderr = Stdio.pipe();
    private boolean merge;
    private boolean detached;
    private boolean killTreeOnExit;
    private boolean socket;
    private @Nullable ProcessGuard guard;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /** Standard input; by default a pipe. */
    public Builder stdin(Stdio stdin) {
      this.stdin = Objects.requireNonNull(stdin, "stdin");
      return this;
    }

    /** Standard output; by default a pipe. */
    public Builder stdout(Stdio stdout) {
      this.stdout = Objects.requireNonNull(stdout, "stdout");
      return this;
    }

    /** Standard error; by default a pipe. */
    public Builder stderr(Stdio stderr) {
      this.stderr = Objects.requireNonNull(stderr, "stderr");
      return this;
    }

    /** Sends standard error where standard output goes, in the order in which it is written. */
    public Builder mergeErrors() {
      this.merge = true;
      return this;
    }

    /**
     * Lets the process outlive this program, in a session of its own, as in Node. Its standard
     * streams should then be files, ignored or inherited: a pipe ends with this program.
     */
    public Builder detached() {
      this.detached = true;
      return this;
    }

    /**
     * When the process has ended, kills what it left behind in its session, which is then its own,
     * as with {@link #ownSession}.
     */
    public Builder killTreeOnExit() {
      this.killTreeOnExit = true;
      return this;
    }

    /**
     * Offers the process a private Unix-domain socket, whose path it finds in the environment
     * variable {@value ChildProcess#SOCKET_VARIABLE}; see {@link ChildProcess#socket}.
     */
    public Builder socket() {
      this.socket = true;
      return this;
    }

    /**
     * Reads each output by a thread of its own, also where one thread could read for all children:
     * that one needs Netty, which takes longer to load than a JVM to start.
     */
    public Builder outputByThread() {
      return pipes(PipeThread::new);
    }

    /** The guard that ends the process when this program dies; by default one for all. */
    public Builder guard(ProcessGuard guard) {
      this.guard = Objects.requireNonNull(guard, "guard");
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if what goes not together was asked for
     */
    public SpawnOptions build() {
      return new SpawnOptions(this);
    }
  }
}
