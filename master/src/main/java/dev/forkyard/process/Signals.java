package dev.forkyard.process;

import java.util.List;
import java.util.Locale;

/** The signals that can be sent, by the names that POSIX gives them. */
final class Signals {

  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
          "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "SYS");

  private static final String PREFIX = "SIG";

  private Signals() {}

  /** The name with its SIG; refuses one that is none. */
  static String checked(String signal) {
    String name = signal.toUpperCase(Locale.ROOT);
    String shortName = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
    if (!NAMES.contains(shortName)) {
      throw new IllegalArgumentException(
          "there is no signal " + signal + "; write SIGTERM, SIGKILL, SIGUSR1 and so on");
    }
    return PREFIX + shortName;
  }

  /** As the shell's kill wants it. */
  static String withoutPrefix(String checked) {
    return checked.substring(PREFIX.length());
  }
}
