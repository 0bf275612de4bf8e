package dev.forkyard.process;

import dev.forkyard.process.ProcessStartException.Reason;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One start of a process: the only place where this is done. What was asked for is checked before
 * anything is started; where it can and is told so, the process leads a session and group of its
 * own, so that all that it starts can be found and a terminal's signals do not reach it.
 */
final class Launch {

  private static final String DEFAULT_PATH = "/usr/bin:/bin";

  private final List<String> command;
  private final ProcessGuard.Reach reach;
  private final ProcessBuilder builder;
  private final @Nullable OutputSource stdout;
  private final @Nullable OutputSource stderr;

  /**
   * Prepares a start.
   *
   * @throws IllegalArgumentException if the command or a stream is one that can't be
   * @throws ProcessStartException if the program or the directory is missing
   */
  Launch(List<String> command, ProcessOptions options, SpawnOptions.Streams streams) {
    this.command = List.copyOf(command);
    check(this.command);
    List<String> prefix = options.ownSession() ? ProcessGuard.SESSION_PREFIX : List.of();
    reach = prefix.isEmpty() ? ProcessGuard.Reach.TREE : ProcessGuard.Reach.SESSION;
    builder = new ProcessBuilder();
    if (options.cleanEnvironment()) {
      builder.environment().clear();
    }
    // If this program was offered one, it is for this program alone.
    builder.environment().remove(ChildProcess.SOCKET_VARIABLE);
    options.environment().forEach(this::putOrRemove);
    Path directory = options.directory();
    if (directory != null) {
      checkDirectory(directory);
      builder.directory(directory.toFile());
    }
    String program = program(directory == null ? Path.of("") : directory, prefix.isEmpty());
    builder.command().addAll(prefix);
    builder.command().add(program);
    builder.command().addAll(this.command.subList(1, this.command.size()));
    builder.redirectInput(streams.stdin().input());
    builder.redirectOutput(streams.stdout().output("stdout"));
    builder.redirectError(streams.stderr().output("stderr"));
    builder.redirectErrorStream(streams.merge());
    OutputSource out = null;
    try {
      out = streams.stdout().isPipe() ? options.pipes().open() : null;
      stderr = streams.stderr().isPipe() && !streams.merge() ? options.pipes().open() : null;
      stdout = out;
    } catch (IOException e) {
      if (out != null) {
        out.close();
      }
      throw refused(e);
    }
  }

  private static void check(List<String> command) {
    if (command.isEmpty() || command.get(0).isEmpty()) {
      throw new IllegalArgumentException("the command is empty");
    }
    for (int i = 0; i < command.size(); i++) {
      ProcessOptions.noNul(i == 0 ? "the command" : "argument " + i, command.get(i));
    }
  }

  private void putOrRemove(String name, @Nullable String value) {
    Map<String, String> environment = builder.environment();
    if (value == null) {
      environment.remove(name);
    } else {
      environment.put(name, value);
    }
  }

  private void checkDirectory(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new ProcessStartException(
          Reason.NO_DIRECTORY, command, "there is no directory " + directory);
    }
  }

  /**
   * What is to be started. It is checked here, since what leads a session would start and only then
   * fail, with a message of its own. The JDK alone looks for it on this program's PATH.
   */
  private String program(Path directory, boolean byJdk) {
    String program = command.get(0);
    if (program.indexOf('/') >= 0) {
      Path file = directory.resolve(program);
      if (!Files.exists(file)) {
        throw new ProcessStartException(Reason.NOT_FOUND, command, "there is no " + program);
      } else if (!Files.isExecutable(file) || Files.isDirectory(file)) {
        throw new ProcessStartException(
            Reason.NOT_EXECUTABLE, command, program + " can't be executed");
      }
      return program;
    } else if (File.separatorChar != '/') {
      return program;
    }
    String path = builder.environment().getOrDefault("PATH", DEFAULT_PATH);
    Path file = find(program, path, directory);
    boolean sameForJdk =
        file.isAbsolute() && path.equals(System.getenv().getOrDefault("PATH", DEFAULT_PATH));
    return byJdk && !sameForJdk ? file.toAbsolutePath().toString() : program;
  }

  /** As the system looks for it, from the directory that the process will be in. */
  private Path find(String program, String path, Path directory) {
    for (String each : path.split(":", -1)) {
      Path file = directory.resolve(each).resolve(program);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return file;
      }
    }
    throw new ProcessStartException(
        Reason.NOT_FOUND, command, "the command " + program + " was not found on the PATH");
  }

  void environment(String name, String value) {
    builder.environment().put(name, value);
  }

  boolean stdinIsPipe() {
    return builder.redirectInput() == Redirect.PIPE;
  }

  List<String> command() {
    return command;
  }

  /** How what the process starts can be found. */
  ProcessGuard.Reach reach() {
    return reach;
  }

  @Nullable OutputSource stdout() {
    return stdout;
  }

  @Nullable OutputSource stderr() {
    return stderr;
  }

  /**
   * Starts the process; its output is not read before {@link #attach}.
   *
   * @throws ProcessStartException if the system refuses
   */
  Process start() {
    try {
      if (stdout != null) {
        builder.redirectOutput(stdout.redirect());
      }
      if (stderr != null) {
        builder.redirectError(stderr.redirect());
      }
      return builder.start();
    } catch (IOException | RuntimeException e) {
      abandon();
      throw e instanceof IOException refusal ? refused(refusal) : (RuntimeException) e;
    }
  }

  /** Closes the pipes of a process that is not to be. */
  void abandon() {
    if (stdout != null) {
      stdout.close();
    }
    if (stderr != null) {
      stderr.close();
    }
  }

  private ProcessStartException refused(IOException cause) {
    return new ProcessStartException(
        Reason.REFUSED, command, String.valueOf(cause.getMessage()), cause);
  }

  /** From now on what the process writes is read. */
  void attach(Process process, @Nullable OutputSink out, @Nullable OutputSink err) {
    if (stdout != null && out != null) {
      stdout.start(out, process.getInputStream());
    }
    if (stderr != null && err != null) {
      stderr.start(err, process.getErrorStream());
    }
  }
}
