package dev.forkyard.process;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The JDK's pipe, and a thread that waits for what comes. */
final class PipeThread implements OutputSource {

  private static final int BUFFER_BYTES = 8 << 10;
  private static final int STACK_BYTES = 128 << 10;

  private @Nullable InputStream in;
  private @Nullable OutputSink sink;
  private boolean resumed;
  private boolean closed;
  private boolean ended;

  @Override
  public Redirect redirect() {
    return Redirect.PIPE;
  }

  @Override
  public void start(OutputSink reader, InputStream jdkPipe) {
    synchronized (this) {
      in = jdkPipe;
      sink = reader;
    }
    Thread thread = new Thread(null, () -> pump(jdkPipe, reader), "forkyard-pipe", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
  }

  private void pump(InputStream from, OutputSink to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from) {
      for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
        synchronized (this) {
          resumed = false;
          if (closed) {
            return;
          }
        }
        if (!to.accept(ByteBuffer.wrap(buffer, 0, count)) && !awaitResume()) {
          return;
        }
      }
    } catch (IOException closedUnderTheReader) {
      // By close, or by the JDK at the end of the process.
    } finally {
      end();
    }
  }

  private synchronized boolean awaitResume() {
    while (!resumed && !closed) {
      try {
        wait();
      } catch (InterruptedException nobodyMeansThisThread) {
        // It ends with its pipe.
      }
    }
    return !closed;
  }

  @Override
  public synchronized void resume() {
    resumed = true;
    notifyAll();
  }

  /** A thread that is blocked in a read stays so until the last writer is gone. */
  @Override
  public void close() {
    InputStream open;
    synchronized (this) {
      closed = true;
      notifyAll();
      open = in;
    }
    try {
      if (open != null) {
        open.close();
      }
    } catch (IOException e) {
      // It is gone either way.
    }
    end();
  }

  private void end() {
    OutputSink to;
    synchronized (this) {
      to = ended ? null : sink;
      ended = true;
    }
    if (to != null) {
      to.end();
    }
  }
}
