package dev.forkyard.worker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * All that a worker is told on its standard input: a line with its token in hexadecimal digits, one
 * with the master's address, and behind that its setup.
 */
record Briefing(String tokenHex, String address, WorkerSetup setup) {

  /** Reads to the end; that comes when the master listens, which may be later than this started. */
  static Briefing read(InputStream in) throws IOException {
    ByteBuffer told = ByteBuffer.wrap(in.readAllBytes());
    return new Briefing(line(told), line(told), WorkerSetup.decode(told));
  }

  /** Up to the end of the line, or of all there is. */
  private static String line(ByteBuffer in) {
    int start = in.position();
    while (in.hasRemaining()) {
      if (in.get() == '\n') {
        return text(in, start, in.position() - 1);
      }
    }
    return text(in, start, in.position());
  }

  private static String text(ByteBuffer in, int start, int end) {
    return StandardCharsets.UTF_8.decode(in.slice(start, end - start)).toString();
  }
}
