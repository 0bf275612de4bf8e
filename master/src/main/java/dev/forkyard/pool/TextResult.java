package dev.forkyard.pool;

import dev.forkyard.worker.Codec;
import java.nio.charset.StandardCharsets;

/**
 * A result rendered by the worker.
 *
 * @param text a string as it is, anything else as compact JSON
 * @param isString whether {@code text} is a string's content, to be quoted where JSON is wanted
 */
public record TextResult(String text, boolean isString) {

  static final Codec<String> TEXT =
      new Codec<>() {
        @Override
        public byte[] encode(String value) {
          return value.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String decode(byte[] bytes) {
          return new String(bytes, StandardCharsets.UTF_8);
        }
      };

  static final Codec<TextResult> CODEC =
      new Codec<>() {
        @Override
        public byte[] encode(TextResult value) {
          return ((value.isString ? "s" : "j") + value.text).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public TextResult decode(byte[] bytes) {
          String text = new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8);
          return new TextResult(text, bytes[0] == 's');
        }
      };
}
