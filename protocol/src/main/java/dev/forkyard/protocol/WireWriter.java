package dev.forkyard.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Protobuf's wire format: sizes and fields. Default values of proto3 are left out by the callers.
 */
final class WireWriter {

  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int START_GROUP = 3;
  static final int END_GROUP = 4;
  static final int FIXED32 = 5;

  private WireWriter() {}

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static int sizeOfVarint(long value) {
    return (Long.SIZE - Long.numberOfLeadingZeros(value | 1) + 6) / 7;
  }

  /** Of a number field, left out if it is 0; all field numbers here take one byte. */
  static int sizeOfNumber(long value) {
    return value == 0 ? 0 : 1 + sizeOfVarint(value);
  }

  static int sizeOfBytes(int length) {
    return 1 + sizeOfVarint(length) + length;
  }

  static int sizeOfDefaultableBytes(int length) {
    return length == 0 ? 0 : sizeOfBytes(length);
  }

  static void varint(ByteBuffer out, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  static void number(ByteBuffer out, int field, long value) {
    if (value != 0) {
      out.put((byte) (field << 3 | VARINT));
      varint(out, value);
    }
  }

  static void bytes(ByteBuffer out, int field, byte[] value) {
    header(out, field, value.length);
    out.put(value);
  }

  static void defaultableBytes(ByteBuffer out, int field, byte[] value) {
    if (value.length > 0) {
      bytes(out, field, value);
    }
  }

  static void header(ByteBuffer out, int field, int length) {
    out.put((byte) (field << 3 | BYTES));
    varint(out, length);
  }
}
