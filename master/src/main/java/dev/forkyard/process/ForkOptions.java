package dev.forkyard.process;

import dev.forkyard.protocol.FrameCodec;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** How {@link ChildProcess#fork} starts a JVM. Immutable. */
public final class ForkOptions extends ProcessOptions {

  private static final ForkOptions DEFAULTS = builder().build();

  private final Path javaHome;
  private final List<Path> classPath;
  private final List<String> jvmOptions;
  private final SpawnOptions.Streams streams;
  private final boolean detached;
  private final int maxMessageBytes;
  private final long maxBufferedBytes;

  private ForkOptions(Builder builder) {
    super(builder);
    this.javaHome = builder.javaHome;
    this.classPath = builder.classPath;
    this.jvmOptions = builder.jvmOptions;
    this.streams = new SpawnOptions.Streams(builder.stdin, builder.stdout, builder.stderr, false);
    this.detached = builder.detached;
    this.maxMessageBytes = builder.maxMessageBytes;
    this.maxBufferedBytes = builder.maxBufferedBytes;
  }

  /** This program's JDK and class path, its standard output and error, and no input. */
  public static ForkOptions defaults() {
    return DEFAULTS;
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  Path java() {
    return javaHome.resolve("bin").resolve("java");
  }

  List<Path> classPath() {
    return classPath;
  }

  List<String> jvmOptions() {
    return jvmOptions;
  }

  SpawnOptions.Streams streams() {
    return streams;
  }

  @Override
  boolean ownSession() {
    return super.ownSession() || detached;
  }

  boolean detached() {
    return detached;
  }

  int maxMessageBytes() {
    return maxMessageBytes;
  }

  long maxBufferedBytes() {
    return maxBufferedBytes;
  }

  /** The class path of this JVM. */
  public static List<Path> ownClassPath() {
    List<Path> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path", "").split(File.pathSeparator)) {
      if (!entry.isEmpty()) {
        entries.add(Path.of(entry).toAbsolutePath());
      }
    }
    return List.copyOf(entries);
  }

  /** Collects options. */
  public static final class Builder extends ProcessOptions.Builder<Builder> {

    private Path javaHome = Path.of(System.getProperty("java.home"));
    private List<Path> classPath = ownClassPath();
    private List<String> jvmOptions = List.of();
    private Stdio stdin = Stdio.ignore();
    private Stdio stdout = Stdio.inherit();
    private Stdio stderr = Stdio.inherit();
    private boolean detached;
    private int maxMessageBytes = FrameCodec.DEFAULT_MAX_FRAME_BYTES;
    private long maxBufferedBytes = 64L << 20;

    private Builder() {
      JavaVariables.NAMES.forEach(name -> environment(name, null));
    }

    @Override
    Builder self() {
      return this;
    }

    /** The child's JDK or JRE; by default this JVM's. */
    public Builder javaHome(Path javaHome) {
      this.javaHome = Objects.requireNonNull(javaHome, "javaHome");
      return this;
    }

    /** The child's class path, which must hold {@code forkyard-worker}; by default this JVM's. */
    public Builder classPath(List<Path> classPath) {
      this.classPath = List.copyOf(classPath);
      return this;
    }

    /** Options of the child's JVM, such as {@code -Xmx64m}; by default none. */
    public Builder jvmOptions(List<String> jvmOptions) {
      this.jvmOptions = List.copyOf(jvmOptions);
      return this;
    }

    /** Standard input; by default ignored, so that the child never eats this program's. */
    public Builder stdin(Stdio stdin) {
      this.stdin = Objects.requireNonNull(stdin, "stdin");
      return this;
    }

    /** Standard output; by default inherited, as in Node. */
    public Builder stdout(Stdio stdout) {
      this.stdout = Objects.requireNonNull(stdout, "stdout");
      return this;
    }

    /** Standard error; by default inherited, as in Node. */
    public Builder stderr(Stdio stderr) {
      this.stderr = Objects.requireNonNull(stderr, "stderr");
      return this;
    }

    /**
     * Lets the child outlive this program; its message channel then ends and it goes on. It leads a
     * session of its own.
     */
    public Builder detached() {
      this.detached = true;
      return this;
    }

    /**
     * The size of the largest message; by default 128 MiB.
     *
     * @throws IllegalArgumentException if it is less than 64 KiB
     */
    public Builder maxMessageBytes(int bytes) {
      this.maxMessageBytes = (int) atLeast(64 << 10, "maxMessageBytes", bytes);
      return this;
    }

    /**
     * How many bytes of messages may wait for a child that does not read, and may wait here for a
     * listener; by default 64 MiB. See {@link ForkedProcess#send}.
     *
     * @throws IllegalArgumentException if it is less than 64 KiB
     */
    public Builder maxBufferedBytes(long bytes) {
      this.maxBufferedBytes = atLeast(64 << 10, "maxBufferedBytes", bytes);
      return this;
    }

    private static long atLeast(long least, String name, long value) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + " must be at least " + least + ", but is " + value);
      }
      return value;
    }

    /** The options. */
    public ForkOptions build() {
      return new ForkOptions(this);
    }
  }
}
