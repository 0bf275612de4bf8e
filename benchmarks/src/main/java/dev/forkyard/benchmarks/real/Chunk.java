package dev.forkyard.benchmarks.real;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A part of a file, written as {@code INDEX PATH}. */
record Chunk(long index, String path) {

  static final int BYTES = 1 << 20;

  static Chunk parse(String text) {
    int space = text.indexOf(' ');
    return new Chunk(Long.parseLong(text.substring(0, space)), text.substring(space + 1));
  }

  @Override
  public String toString() {
    return index + " " + path;
  }

  byte[] read() throws IOException {
    try (FileChannel file = FileChannel.open(Path.of(path))) {
      long start = index * BYTES;
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(BYTES, file.size() - start));
      while (bytes.hasRemaining() && file.read(bytes, start + bytes.position()) >= 0) {
        // As much as there is at once, until all is there.
      }
      return bytes.array();
    }
  }
}
