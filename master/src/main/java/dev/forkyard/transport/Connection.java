package dev.forkyard.transport;

import dev.forkyard.protocol.Frame;

/** The master's end of one connection. To be used on the event loop alone. */
public interface Connection {

  /** Encodes the frame behind those not yet flushed. */
  void send(Frame frame);

  /** Writes what was encoded. */
  void flush();

  /** Closes it; what was not flushed is lost. */
  void close();
}
