package dev.forkyard.process;

import java.nio.ByteBuffer;

/** Takes what a child writes. The calls come one at a time, and must not wait. */
interface OutputSink {

  /**
   * Takes all of the bytes, by copying them.
   *
   * @return false to get no more until {@link OutputSource#resume}
   */
  boolean accept(ByteBuffer bytes);

  /** Nothing follows; called once. */
  void end();
}
