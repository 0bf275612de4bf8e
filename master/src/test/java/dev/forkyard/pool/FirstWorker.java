package dev.forkyard.pool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Puts a class in the place of the first worker that a pool starts; those that follow are real. */
final class FirstWorker {

  /** Of the class that is started: what it is to do. */
  static final String PROPERTY = "first.worker";

  private FirstWorker() {}

  /**
   * Makes {@code bin/java} there.
   *
   * @return the home of that Java
   */
  static Path javaHome(Path directory, Class<?> main, String what) throws IOException {
    String script =
        """
        #!/bin/sh
        if mkdir '%s' 2>/dev/null; then
          for word; do
            shift
            [ "$word" != dev.forkyard.worker.WorkerMain ] || word='%s'
            set -- "$@" "$word"
          done
          exec '%s' -D%s=%s "$@"
        fi
        exec '%s' "$@"
        """;
    Path first = directory.resolve("first");
    return javaHome(
        directory, script.formatted(first, main.getName(), realJava(), PROPERTY, what, realJava()));
  }

  /** Makes {@code bin/java} of a script. */
  static Path javaHome(Path directory, String script) throws IOException {
    Path java = Files.createDirectories(directory.resolve("bin")).resolve("java");
    Files.writeString(java, script);
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    return directory;
  }

  static Path realJava() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }
}
