package dev.forkyard.transport;

import dev.forkyard.protocol.Frame;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The master's end of one connection. To be used on the event loop alone. */
public interface Connection {

  /** Encodes the frame behind those not yet flushed. */
  void send(Frame frame);

  /** Writes what was encoded. */
  void flush();

  /**
   * Writes what was encoded.
   *
   * @param written told on the event loop when the system has taken all of it: null, or what went
   *     wrong
   */
  void flush(Consumer<@Nullable Throwable> written);

  /** Whether more is read from it; what was read already is still told. */
  void setReading(boolean reading);

  /** Closes it; what was not flushed is lost. */
  void close();
}
