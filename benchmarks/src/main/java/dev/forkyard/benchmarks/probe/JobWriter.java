package dev.forkyard.benchmarks.probe;

import java.nio.ByteBuffer;

/**
 * Writes a job as one protobuf message after its length: {@code uint64 id = 1; bytes payload = 2}.
 */
final class JobWriter {

  /** A length, two tags, a number and a length. */
  static final int MAX_HEADER_BYTES = 5 + 1 + 10 + 1 + 5;

  private static final byte ID = 1 << 3;
  private static final byte PAYLOAD = 2 << 3 | 2;

  private JobWriter() {}

  static void header(ByteBuffer out, long id, int payloadBytes) {
    varint(out, 1 + sizeOf(id) + 1 + sizeOf(payloadBytes) + payloadBytes);
    out.put(ID);
    varint(out, id);
    out.put(PAYLOAD);
    varint(out, payloadBytes);
  }

  private static int sizeOf(long value) {
    return (Long.SIZE - Long.numberOfLeadingZeros(value | 1) + 6) / 7;
  }

  private static void varint(ByteBuffer out, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }
}
