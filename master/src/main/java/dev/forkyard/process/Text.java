package dev.forkyard.process;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;

/** Turns bytes that may be cut anywhere into text. */
final class Text {

  private Text() {}

  /**
   * Decodes up to the last whole character and moves the position behind it, so that a cut never
   * shows half of one; what is malformed before it is replaced.
   */
  static String decodeWhole(Charset charset, ByteBuffer bytes) {
    var decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    CharBuffer text =
        CharBuffer.allocate((int) (bytes.remaining() * (double) decoder.maxCharsPerByte()) + 1);
    decoder.decode(bytes, text, false);
    return text.flip().toString();
  }
}
