package dev.forkyard.launcher.builtin;

import java.util.List;
import java.util.Optional;

/** The list of the built-in handlers. */
public final class Builtins {

  /** One of them. */
  public record Builtin(String name, String className, String description) {}

  private static final String PACKAGE = "dev.forkyard.launcher.builtin.";

  private static final List<Builtin> ALL =
      List.of(
          new Builtin("echo", PACKAGE + "Echo", "answers with its input"),
          new Builtin(
              "sha256", PACKAGE + "Sha256", "the SHA-256 of a file, as sha256sum prints it"),
          new Builtin("wc", PACKAGE + "Wc", "lines, words and bytes of a file, as wc prints them"),
          new Builtin("primes", PACKAGE + "Primes", "how many primes there are below N"),
          new Builtin("sleep", PACKAGE + "Sleep", "sleeps for a duration such as 500ms, 2s or 1m"),
          new Builtin(
              "fault",
              PACKAGE + "Fault",
              "fails as told: throw, exit N, halt N, segv, kill, oom, stackoverflow, spin,"
                  + " spin-counted, stop, print TEXT, grandchild SECONDS; else answers with its"
                  + " input"));

  private Builtins() {}

  /** All of them, in the order in which they are shown. */
  public static List<Builtin> all() {
    return ALL;
  }

  /** The class of the one of this name. */
  public static Optional<String> className(String name) {
    return ALL.stream()
        .filter(each -> each.name().equals(name))
        .map(Builtin::className)
        .findFirst();
  }
}
