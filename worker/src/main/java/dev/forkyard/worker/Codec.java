package dev.forkyard.worker;

/**
 * Turns values of one type into bytes and back. It is used on both sides, from several threads at
 * once, and never sees null.
 *
 * @param <T> the type
 */
public interface Codec<T> {

  /**
   * Encodes a value.
   *
   * @throws Exception anything; the job whose value it is fails, and nothing else
   */
  byte[] encode(T value) throws Exception;

  /**
   * Decodes what {@link #encode} wrote.
   *
   * @throws Exception anything; the job whose value it is fails, and nothing else
   */
  T decode(byte[] bytes) throws Exception;
}
