package dev.forkyard.launcher;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a stream, or its NUL-ended records. A carriage return is part of its line. What
 * follows the last separator is an input too, unless it is empty.
 */
final class StreamSource implements InputSource {

  private static final int BUFFER_BYTES = 1 << 16;
  private static final int SHOWN_BYTES = 200;
  private static final char REPLACEMENT = '\uFFFD';

  private final InputStream stream;
  private final byte separator;
  private final int maxBytes;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;

  StreamSource(InputStream stream, boolean nullSeparated, int maxBytes) {
    this.stream = stream;
    this.separator = (byte) (nullSeparated ? 0 : '\n');
    this.maxBytes = maxBytes;
  }

  @Override
  public @Nullable Input next() throws IOException {
    ByteArrayOutputStream begun = null;
    long length = 0;
    while (position < limit || fill()) {
      int end = indexOfSeparator();
      if (end >= 0 && begun == null) {
        Input input = decode(buffer, position, end - position);
        position = end + 1;
        return input;
      }
      int chunk = (end < 0 ? limit : end) - position;
      begun = begun == null ? new ByteArrayOutputStream() : begun;
      begun.write(buffer, position, (int) Math.min(chunk, maxBytes - begun.size() + 1L));
      length += chunk;
      position += chunk;
      if (end >= 0) {
        position++;
        return decode(begun, length);
      }
    }
    return begun == null ? null : decode(begun, length);
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(0, stream.read(buffer));
    return limit > 0;
  }

  private int indexOfSeparator() {
    for (int i = position; i < limit; i++) {
      if (buffer[i] == separator) {
        return i;
      }
    }
    return -1;
  }

  private Input decode(ByteArrayOutputStream begun, long length) {
    byte[] bytes = begun.toByteArray();
    if (length > maxBytes) {
      return Input.broken(
          new String(bytes, 0, Math.min(SHOWN_BYTES, bytes.length), StandardCharsets.UTF_8),
          "the input has " + length + " bytes, more than the limit of " + maxBytes);
    }
    return decode(bytes, 0, bytes.length);
  }

  private static Input decode(byte[] bytes, int offset, int length) {
    String text = new String(bytes, offset, length, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) >= 0 && !isValid(bytes, offset, length)) {
      return Input.broken(text, "the input is not valid UTF-8");
    }
    return Input.of(text);
  }

  private static boolean isValid(byte[] bytes, int offset, int length) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, offset, length));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
