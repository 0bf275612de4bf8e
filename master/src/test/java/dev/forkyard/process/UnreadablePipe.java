package dev.forkyard.process;

import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;

/** A pipe that can't be read, as when the system has no thread for it. */
final class UnreadablePipe implements OutputSource {

  @Override
  public Redirect redirect() {
    return Redirect.DISCARD;
  }

  @Override
  public void start(OutputSink sink, InputStream jdkPipe) {
    throw new OutOfMemoryError("thrown by a test, on purpose");
  }

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
