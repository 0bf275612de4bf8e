package dev.forkyard.process;

import java.io.File;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a process ended: by itself with an exit code, or by a signal; never both.
 *
 * <p>That a signal ended it is inferred: the JDK reports 128 + n for signal n, which a program that
 * exits with that code can imitate, and a shell passes on for a program that it ran. On Windows
 * there are no signals, and every end has an exit code.
 *
 * @param value what {@link Process#exitValue} answers with
 */
public record ExitStatus(int value) {

  private static final int SIGNAL_BASE = 128;
  private static final boolean HAS_SIGNALS = File.separatorChar == '/';
  private static final boolean IS_LINUX = System.getProperty("os.name", "").equals("Linux");

  /** Those that end a process, by the numbers that Linux gives them; macOS differs in a few. */
  private static final Map<Integer, String> SIGNALS =
      Map.ofEntries(
          Map.entry(1, "SIGHUP"),
          Map.entry(2, "SIGINT"),
          Map.entry(3, "SIGQUIT"),
          Map.entry(4, "SIGILL"),
          Map.entry(5, "SIGTRAP"),
          Map.entry(6, "SIGABRT"),
          Map.entry(IS_LINUX ? 7 : 10, "SIGBUS"),
          Map.entry(8, "SIGFPE"),
          Map.entry(9, "SIGKILL"),
          Map.entry(IS_LINUX ? 10 : 30, "SIGUSR1"),
          Map.entry(11, "SIGSEGV"),
          Map.entry(IS_LINUX ? 12 : 31, "SIGUSR2"),
          Map.entry(13, "SIGPIPE"),
          Map.entry(14, "SIGALRM"),
          Map.entry(15, "SIGTERM"),
          Map.entry(24, "SIGXCPU"),
          Map.entry(25, "SIGXFSZ"),
          Map.entry(26, "SIGVTALRM"),
          Map.entry(27, "SIGPROF"),
          Map.entry(IS_LINUX ? 31 : 12, "SIGSYS"));

  /** The exit code; empty if a signal ended it. */
  public OptionalInt exitCode() {
    return signal().isPresent() ? OptionalInt.empty() : OptionalInt.of(value);
  }

  /** The signal's name, such as {@code SIGKILL}; empty if it exited by itself. */
  public Optional<String> signal() {
    return Optional.ofNullable(HAS_SIGNALS ? SIGNALS.get(value - SIGNAL_BASE) : null);
  }

  /** Whether it exited with code 0. */
  public boolean success() {
    return value == 0;
  }

  /** What happened, to follow the name of the process. */
  @Override
  public String toString() {
    return signal()
        .map(name -> "was killed by " + name)
        .orElseGet(() -> "exited with code " + value);
  }
}
