package dev.forkyard.launcher;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where inputs come from, one at a time, on the reading thread alone. */
interface InputSource {

  /**
   * The next input; null at the end.
   *
   * @throws IOException if it can't be read
   */
  @Nullable Input next() throws IOException;
}
