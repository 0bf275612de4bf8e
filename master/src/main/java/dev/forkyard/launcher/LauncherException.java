package dev.forkyard.launcher;

import org.jspecify.annotations.Nullable;

/** Ends a command with one line for the person at the keyboard and an exit code. */
final class LauncherException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int exitCode;

  LauncherException(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
