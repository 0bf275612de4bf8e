package dev.forkyard.launcher;

import org.jspecify.annotations.Nullable;

/**
 * The input of one job.
 *
 * @param text what the handler gets
 * @param problem why it can't be submitted; {@code text} is then only what can be shown of it
 */
record Input(String text, @Nullable String problem) {

  static Input of(String text) {
    return new Input(text, null);
  }

  static Input broken(String shown, String problem) {
    return new Input(shown, problem);
  }

  /** About how much memory it takes. */
  long bytes() {
    return 2L * text.length() + 64;
  }
}
