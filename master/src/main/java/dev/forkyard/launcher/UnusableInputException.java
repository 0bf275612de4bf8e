package dev.forkyard.launcher;

/** An input that never became a job. */
final class UnusableInputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UnusableInputException(String message) {
    super(message);
  }
}
