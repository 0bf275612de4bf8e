package dev.forkyard.launcher;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What workers have on their class path: Forkyard's own few jars, the user's entries, and Jackson
 * last, so that the user's version of it comes first.
 */
final class WorkerClassPath {

  private static final List<String> FIRST =
      List.of(
          "forkyard-protocol-*.jar",
          "forkyard-worker-*.jar",
          "forkyard-master-*-builtins.jar",
          "jspecify-*.jar");
  private static final List<String> LAST = List.of("jackson-*.jar");

  private WorkerClassPath() {}

  /**
   * Puts it together.
   *
   * @param user as for {@code java -cp}; may be empty
   * @throws IllegalArgumentException if an entry does not exist; it says which
   */
  static List<Path> of(Path library, String user) throws IOException {
    List<Path> path = new ArrayList<>(find(library, FIRST));
    path.addAll(userEntries(user));
    path.addAll(find(library, LAST));
    return path;
  }

  /** Where the launcher's own jars lie. */
  static Path library() {
    try {
      Path here =
          Path.of(
              WorkerClassPath.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return here.toAbsolutePath().resolveSibling("");
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the launcher can't find its own jar", e);
    }
  }

  static List<Path> userEntries(String user) throws IOException {
    List<Path> path = new ArrayList<>();
    if (!user.isEmpty()) {
      for (String entry : user.split(File.pathSeparator, -1)) {
        path.addAll(userEntry(entry));
      }
    }
    return path;
  }

  private static List<Path> userEntry(String entry) throws IOException {
    if (entry.isEmpty()) {
      throw new IllegalArgumentException(
          "--class-path has an empty entry; write . for the current directory");
    } else if (entry.equals("*") || entry.endsWith("/*")) {
      return jarsIn(entry);
    }
    Path path = Path.of(entry).toAbsolutePath();
    if (!Files.isReadable(path)) {
      throw new IllegalArgumentException("--class-path: there is no " + entry + " to read");
    }
    return List.of(path);
  }

  private static List<Path> jarsIn(String entry) throws IOException {
    Path directory = Path.of(entry.substring(0, entry.length() - 1)).toAbsolutePath();
    List<Path> jars =
        Files.isDirectory(directory) ? find(directory, List.of("*.{jar,JAR}")) : List.of();
    if (jars.isEmpty()) {
      throw new IllegalArgumentException("--class-path: there are no jars in " + entry);
    }
    return jars;
  }

  private static List<Path> find(Path directory, List<String> patterns) throws IOException {
    List<Path> found = new ArrayList<>();
    for (String pattern : patterns) {
      List<Path> matching = new ArrayList<>();
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, pattern)) {
        files.forEach(matching::add);
      }
      matching.sort(null);
      found.addAll(matching);
    }
    return found;
  }
}
