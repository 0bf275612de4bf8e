package dev.forkyard.launcher;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The standard output, which shares a terminal with the progress bar, and whose reader may go away.
 */
final class StandardOutput extends FilterOutputStream {

  /** What a shell reports for a program that wrote to a closed pipe: 128 and SIGPIPE. */
  static final int CLOSED_EXIT_CODE = 141;

  private final Console console;
  private final boolean belowBar;

  /**
   * Wraps the stream.
   *
   * @param belowBar whether the bar is on the same terminal
   */
  StandardOutput(OutputStream out, Console console, boolean belowBar) {
    super(out);
    this.console = console;
    this.belowBar = belowBar;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      if (belowBar) {
        console.aside(() -> out.write(bytes, offset, length));
      } else {
        out.write(bytes, offset, length);
      }
    } catch (IOException e) {
      if (isPipe()) {
        throw new Closed(e);
      }
      throw new LauncherException(
          Launcher.JOB_FAILED, "can't write the results: " + e.getMessage(), e);
    }
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  /** A pipe can fail in one way only, whose message is in the language of the user. */
  private static boolean isPipe() {
    try {
      String target = Files.readSymbolicLink(Path.of("/dev/fd/1")).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException | UnsupportedOperationException e) {
      return true;
    }
  }

  /** Nobody reads the results any more. */
  static final class Closed extends IOException {

    private static final long serialVersionUID = 1L;

    Closed(IOException cause) {
      super(cause);
    }
  }
}
