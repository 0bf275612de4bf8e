package dev.forkyard.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a process's output, so that it never blocks on a full pipe, passes it on by lines and keeps
 * the tail.
 */
final class OutputPump {

  private static final int TAIL_BYTES = 8 << 10;
  private static final int MAX_LINE_BYTES = 8 << 10;
  private static final int STACK_BYTES = 128 << 10;

  private final InputStream in;
  private final Consumer<String> onLine;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
  private final byte[] tail = new byte[TAIL_BYTES];
  private final byte[] line = new byte[MAX_LINE_BYTES];
  private long total;
  private int lineLength;

  private OutputPump(InputStream in, Consumer<String> onLine) {
    this.in = in;
    this.onLine = onLine;
  }

  static OutputPump start(Process process, Consumer<String> onLine) {
    OutputPump pump = new OutputPump(process.getInputStream(), onLine);
    Thread thread = new Thread(null, pump::run, "forkyard-output-" + process.pid(), STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    return pump;
  }

  private void run() {
    byte[] buffer = new byte[8192];
    try (in) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        accept(buffer, count);
      }
    } catch (IOException closed) {
      // The end of the process closes the pipe under the reader.
    } finally {
      if (lineLength > 0) {
        emit();
      }
      ended.complete(null);
    }
  }

  private void accept(byte[] buffer, int count) {
    synchronized (tail) {
      for (int i = 0; i < count; i++) {
        tail[(int) (total++ % TAIL_BYTES)] = buffer[i];
      }
    }
    for (int i = 0; i < count; i++) {
      if (buffer[i] == '\n') {
        emit();
      } else {
        line[lineLength++] = buffer[i];
        if (lineLength == MAX_LINE_BYTES) {
          emit();
        }
      }
    }
  }

  private void emit() {
    String text = new String(line, 0, lineLength, StandardCharsets.UTF_8);
    lineLength = 0;
    try {
      onLine.accept(text);
    } catch (RuntimeException | Error listenersOwn) {
      // A listener that throws must not stop the pipe from being read.
      Thread thread = Thread.currentThread();
      thread.getThreadGroup().uncaughtException(thread, listenersOwn);
    }
  }

  CompletableFuture<@Nullable Void> ended() {
    return ended.copy();
  }

  String tail() {
    synchronized (tail) {
      int length = (int) Math.min(total, TAIL_BYTES);
      byte[] last = new byte[length];
      for (int i = 0; i < length; i++) {
        last[i] = tail[(int) ((total - length + i) % TAIL_BYTES)];
      }
      return new String(last, StandardCharsets.UTF_8);
    }
  }
}
