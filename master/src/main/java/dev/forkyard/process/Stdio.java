package dev.forkyard.process;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where one of a child's standard streams leads, as Node's {@code stdio} option says. */
public final class Stdio {

  private enum Kind {
    PIPE,
    INHERIT,
    IGNORE,
    FILE,
    APPEND
  }

  private static final Stdio PIPE = new Stdio(Kind.PIPE, null);
  private static final Stdio INHERIT = new Stdio(Kind.INHERIT, null);
  private static final Stdio IGNORE = new Stdio(Kind.IGNORE, null);

  private final Kind kind;
  private final @Nullable Path file;

  private Stdio(Kind kind, @Nullable Path file) {
    this.kind = kind;
    this.file = file;
  }

  /** A pipe to this program; the default. */
  public static Stdio pipe() {
    return PIPE;
  }

  /** This program's own stream. */
  public static Stdio inherit() {
    return INHERIT;
  }

  /** Nothing: input that is empty, output that is dropped. */
  public static Stdio ignore() {
    return IGNORE;
  }

  /** A file: read as input, or made anew and written as output. */
  public static Stdio file(Path file) {
    return new Stdio(Kind.FILE, Objects.requireNonNull(file, "file"));
  }

  /** A file that output is added to; it is made if it is not there. */
  public static Stdio appendTo(Path file) {
    return new Stdio(Kind.APPEND, Objects.requireNonNull(file, "file"));
  }

  boolean isPipe() {
    return kind == Kind.PIPE;
  }

  /**
   * For standard input.
   *
   * @throws IllegalArgumentException if it can't be read
   */
  Redirect input() {
    Path source = file;
    if (source == null) {
      return redirect(NullFile.INPUT);
    } else if (kind == Kind.APPEND) {
      throw new IllegalArgumentException("stdin can't be appended to a file: " + source);
    } else if (!Files.isReadable(source) || Files.isDirectory(source)) {
      throw new IllegalArgumentException("stdin: there is no file " + source + " to read");
    }
    return Redirect.from(source.toFile());
  }

  /**
   * For standard output or error.
   *
   * @throws IllegalArgumentException if it can't be written
   */
  Redirect output(String stream) {
    Path target = file;
    if (target == null) {
      return redirect(NullFile.OUTPUT);
    }
    Path directory = target.toAbsolutePath().getParent();
    boolean writable =
        Files.exists(target)
            ? Files.isWritable(target) && !Files.isDirectory(target)
            : directory != null && Files.isWritable(directory);
    if (!writable) {
      throw new IllegalArgumentException(stream + ": the file " + target + " can't be written");
    }
    return kind == Kind.APPEND ? Redirect.appendTo(target.toFile()) : Redirect.to(target.toFile());
  }

  private Redirect redirect(Redirect ignored) {
    return switch (kind) {
      case INHERIT -> Redirect.INHERIT;
      case IGNORE -> ignored;
      default -> Redirect.PIPE;
    };
  }

  @Override
  public String toString() {
    return file == null ? kind.name() : kind + "[" + file + "]";
  }

  /** The file that swallows and yields nothing. */
  private static final class NullFile {

    static final Redirect OUTPUT = Redirect.DISCARD;
    static final Redirect INPUT =
        Redirect.from(
            new java.io.File(
                System.getProperty("os.name", "").startsWith("Windows") ? "NUL" : "/dev/null"));
  }
}
