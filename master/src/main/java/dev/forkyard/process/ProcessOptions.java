package dev.forkyard.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What all ways to start a process have in common. Immutable. */
public abstract sealed class ProcessOptions permits ExecOptions, SpawnOptions, ForkOptions {

  private final @Nullable Path directory;
  private final Map<String, @Nullable String> environment;
  private final boolean cleanEnvironment;
  private final boolean ownSession;
  private final OutputSource.Factory pipes;

  ProcessOptions(Builder<?> builder) {
    this.directory = builder.directory;
    this.environment = Collections.unmodifiableMap(new HashMap<>(builder.environment));
    this.cleanEnvironment = builder.cleanEnvironment;
    this.ownSession = builder.ownSession;
    this.pipes = builder.pipes;
  }

  @Nullable Path directory() {
    return directory;
  }

  /** Variables to set, or to remove where the value is null. */
  Map<String, @Nullable String> environment() {
    return environment;
  }

  boolean cleanEnvironment() {
    return cleanEnvironment;
  }

  boolean ownSession() {
    return ownSession;
  }

  OutputSource.Factory pipes() {
    return pipes;
  }

  /**
   * Collects options; each is checked where it is given.
   *
   * @param <B> the builder's own type
   */
  public abstract static sealed class Builder<B extends Builder<B>>
      permits ExecOptions.Builder, SpawnOptions.Builder, ForkOptions.Builder {

    private @Nullable Path directory;
    private final Map<String, @Nullable String> environment = new HashMap<>();
    private boolean cleanEnvironment;
    private boolean ownSession;
    private OutputSource.Factory pipes = OutputSource::open;

    Builder() {}

    abstract B self();

    /** How pipes are read; tests hold each way to the same contract. */
    B pipes(OutputSource.Factory pipes) {
      this.pipes = pipes;
      return self();
    }

    /** The working directory; by default this program's. */
    public B directory(Path directory) {
      this.directory = Objects.requireNonNull(directory, "directory");
      return self();
    }

    /**
     * Sets an environment variable, or removes it where the value is null. All others are
     * inherited, unless {@link #cleanEnvironment} says otherwise.
     *
     * @throws IllegalArgumentException if the name is empty or has a {@code =}, or one of them has
     *     a NUL
     */
    public B environment(String name, @Nullable String value) {
      if (name.isEmpty() || name.indexOf('=') >= 0) {
        throw new IllegalArgumentException(
            "an environment variable's name can't be empty or contain =, but is \"" + name + "\"");
      }
      noNul("the environment variable's name", name);
      if (value != null) {
        noNul("the environment variable " + name, value);
      }
      environment.put(name, value);
      return self();
    }

    /** Sets several variables, as {@link #environment(String, String)} does one. */
    public B environment(Map<String, ? extends @Nullable String> variables) {
      variables.forEach(this::environment);
      return self();
    }

    /** Inherits no variable: the process has those that are set here alone. */
    public B cleanEnvironment() {
      cleanEnvironment = true;
      return self();
    }

    /**
     * Makes the process the leader of a session of its own, as {@code setsid} does. By default it
     * stays in this program's session and process group, as in Node: it keeps the terminal, with
     * its Ctrl-C and hang-up.
     *
     * <p>What is won: all that it starts is found by the session, also what has lost its parent, or
     * was forked twice. So a kill of the tree, and this program's death, end that too; by default
     * they end the process and all its descendants whose parents are alive at that time, in
     * whatever session these are. What it costs: where {@code setsid} is, on Linux, one program
     * more is started, which takes about half as long again.
     */
    public B ownSession() {
      ownSession = true;
      return self();
    }
  }

  static void noNul(String what, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(what + " contains a NUL character");
    }
  }

  static Duration positive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + " must be more than zero, but is " + value);
    }
    return value;
  }
}
