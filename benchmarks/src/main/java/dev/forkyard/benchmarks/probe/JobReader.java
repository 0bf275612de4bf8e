package dev.forkyard.benchmarks.probe;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes every job of a buffer in one pass. A payload that is not there to its end is filled as its
 * parts arrive, so what stays in the buffer is never more than a header.
 */
final class JobReader {

  /** What hears of each job. */
  interface Sink {
    void job(long id, byte[] payload);
  }

  private byte @Nullable [] payload;
  private int filled;
  private long id;

  void read(ByteBuffer in, Sink sink) {
    while (payload != null || header(in)) {
      byte[] whole = Objects.requireNonNull(payload);
      int count = Math.min(in.remaining(), whole.length - filled);
      in.get(whole, filled, count);
      filled += count;
      if (filled < whole.length) {
        return;
      }
      payload = null;
      sink.job(id, whole);
    }
  }

  /** Makes room for the payload; false, and the position stays, if the header is cut. */
  private boolean header(ByteBuffer in) {
    if (in.remaining() < JobWriter.MAX_HEADER_BYTES && !isWhole(in)) {
      return false;
    }
    varint(in);
    in.get();
    id = varint(in);
    in.get();
    payload = new byte[(int) varint(in)];
    filled = 0;
    return true;
  }

  private static boolean isWhole(ByteBuffer in) {
    int at = afterVarint(in, in.position());
    at = afterVarint(in, at + 1);
    return afterVarint(in, at + 1) <= in.limit();
  }

  private static int afterVarint(ByteBuffer in, int start) {
    int at = start;
    while (at < in.limit() && in.get(at) < 0) {
      at++;
    }
    return at + 1;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
