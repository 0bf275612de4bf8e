package dev.forkyard.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** A program could not be started, so there is no process; the message names what was missing. */
public final class ProcessStartException extends UncheckedIOException {

  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** There is no such program. */
    NOT_FOUND,
    /** The file is there and can't be executed. */
    NOT_EXECUTABLE,
    /** The working directory is not there. */
    NO_DIRECTORY,
    /** The system refused for another reason: the cause tells. */
    REFUSED
  }

  private final Reason reason;
  private final List<String> command;

  ProcessStartException(Reason reason, List<String> command, String what, IOException cause) {
    super("could not start " + quoted(command) + ": " + what, cause);
    this.reason = reason;
    this.command = List.copyOf(command);
  }

  ProcessStartException(Reason reason, List<String> command, String what) {
    this(reason, command, what, new IOException(what));
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }

  /** The program and its arguments. */
  public List<String> command() {
    return command;
  }

  /** The command as a person would type it, cut where it is long. */
  static String quoted(List<String> command) {
    StringBuilder text = new StringBuilder();
    for (String word : command) {
      boolean plain = word.matches("[\\w@%+=:,./-]+");
      text.append(text.isEmpty() ? "" : " ")
          .append(plain ? word : "'" + word.replace("'", "'\\''") + "'");
    }
    return text.length() <= MAX_CHARS ? text.toString() : text.substring(0, MAX_CHARS) + "...";
  }

  private static final int MAX_CHARS = 500;
}
