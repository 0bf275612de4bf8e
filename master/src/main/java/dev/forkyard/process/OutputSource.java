package dev.forkyard.process;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;

/**
 * This program's end of the pipe that a child writes to. Where the system can tell when there is
 * something to read ({@link EpollPipe}) no thread waits for it, elsewhere one does ({@link
 * PipeThread}).
 */
interface OutputSource {

  /** A new pipe, of the best kind that there is. */
  static OutputSource open() throws IOException {
    return EpollPipe.available() ? EpollPipe.open() : new PipeThread();
  }

  /** Opens pipes. */
  interface Factory {
    OutputSource open() throws IOException;
  }

  /** What connects the child to it. */
  Redirect redirect();

  /**
   * The process has started; from now on the sink gets what it writes.
   *
   * @param jdkPipe what to read if the JDK made the pipe
   */
  void start(OutputSink sink, InputStream jdkPipe);

  /** The sink wants more; any thread. */
  void resume();

  /** Closes the reading end; the sink is told the end if it was not. Any thread. */
  void close();
}
