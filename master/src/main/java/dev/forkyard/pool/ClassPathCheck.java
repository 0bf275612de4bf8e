package dev.forkyard.pool;

import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.worker.WorkerMain;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether a class path can start workers of this program's, found out before any is started: it
 * must have forkyard-worker, readable for a plain JVM, and of the same build as this program's.
 *
 * <p>Where the class path names the very files that this program's own classes came from nothing is
 * read. Only others are looked into, and a few classes that must be the same are compared by their
 * digests.
 */
final class ClassPathCheck {

  /** What both ends of a connection, or of a mapped page, must agree on. */
  private static final List<String> SHARED =
      List.of(
          "dev/forkyard/protocol/Frame.class",
          "dev/forkyard/protocol/FrameCodec.class",
          "dev/forkyard/protocol/FrameDecoder.class",
          "dev/forkyard/protocol/Scoreboard.class",
          "dev/forkyard/worker/WorkerMain.class",
          "dev/forkyard/worker/WorkerSetup.class");

  private static final int TOLD_ENTRIES = 5;

  /** One that was read and will do, so that a program's next pool does not read it again. */
  private static volatile List<Path> known = List.of();

  private ClassPathCheck() {}

  /**
   * What is wrong with the class path, and what to do; null if nothing is.
   *
   * @param chosen whether the pool's user named it; otherwise it is this program's own
   */
  static @Nullable String problem(List<Path> classPath, boolean chosen) {
    String worker = location(WorkerMain.class);
    String protocol = location(FrameCodec.class);
    return problem(classPath, chosen, worker, protocol);
  }

  static @Nullable String problem(
      List<Path> classPath, boolean chosen, @Nullable String worker, @Nullable String protocol) {
    if (!chosen && (isNested(worker) || isNested(protocol))) {
      return "forkyard-worker lies inside of an application's jar ("
          + worker
          + "), where a JVM that is started without that application's own launcher can't read it;"
          + " unpack the application and run it unpacked (Spring Boot: java -Djarmode=tools -jar"
          + " app.jar extract), or name the workers' class path by classPath(...)";
    } else if (holds(classPath, worker) && holds(classPath, protocol)) {
      return null;
    } else if (!chosen && classPath.equals(known)) {
      return null;
    }
    String problem = compare(classPath, chosen, worker);
    if (problem == null && !chosen) {
      known = classPath;
    }
    return problem;
  }

  private static @Nullable String location(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    URL location = source == null ? null : source.getLocation();
    return location == null ? null : location.toString();
  }

  /** In a jar in a jar, that is. */
  private static boolean isNested(@Nullable String location) {
    return location != null
        && (location.startsWith("nested:")
            || location.startsWith("jar:nested:")
            || location.indexOf("!/") != location.lastIndexOf("!/")
            || location.matches("jar:.*!/.+"));
  }

  private static boolean holds(List<Path> classPath, @Nullable String location) {
    if (location == null || !location.startsWith("file:")) {
      return false;
    }
    try {
      Path file = Path.of(new URI(location)).normalize();
      return classPath.stream().anyMatch(entry -> entry.toAbsolutePath().normalize().equals(file));
    } catch (URISyntaxException | IllegalArgumentException unreadable) {
      return false;
    }
  }

  private static @Nullable String compare(
      List<Path> classPath, boolean chosen, @Nullable String worker) {
    try (URLClassLoader theirs =
        new URLClassLoader(urls(classPath), ClassLoader.getPlatformClassLoader())) {
      for (String name : SHARED) {
        byte[] digest = digest(theirs.getResourceAsStream(name));
        if (digest == null) {
          return missing(classPath, chosen, worker);
        }
        byte[] own = digest(ClassPathCheck.class.getClassLoader().getResourceAsStream(name));
        if (own != null && !Arrays.equals(digest, own)) {
          return "forkyard of another build is on it than this program has: "
              + name
              + " in "
              + theirs.getResource(name)
              + " differs from the one of "
              + worker
              + "; use the same version of forkyard-worker and forkyard-protocol in both";
        }
      }
      return null;
    } catch (IOException unreadable) {
      return "it can't be read: " + unreadable;
    }
  }

  private static String missing(List<Path> classPath, boolean chosen, @Nullable String worker) {
    String entries =
        classPath.stream().limit(TOLD_ENTRIES).map(Path::toString).collect(Collectors.joining(", "))
            + (classPath.size() > TOLD_ENTRIES ? ", ..." : "");
    return "forkyard-worker and forkyard-protocol are not on it, which has "
        + classPath.size()
        + " entries ("
        + entries
        + "); "
        + (chosen
            ? "add them"
            : "this program's own came by another class loader, from "
                + worker
                + ", so name the workers' class path by classPath(...)");
  }

  private static URL[] urls(List<Path> classPath) throws MalformedURLException {
    URL[] urls = new URL[classPath.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = classPath.get(i).toUri().toURL();
    }
    return urls;
  }

  private static byte @Nullable [] digest(@Nullable InputStream resource) throws IOException {
    if (resource == null) {
      return null;
    }
    try (InputStream in = resource) {
      return MessageDigest.getInstance("SHA-256").digest(in.readAllBytes());
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
