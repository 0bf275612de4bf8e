package dev.forkyard.transport;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells why connections were closed that had not been admitted: the first at once, and of those
 * that follow how many there were, each 10 s. Anybody on this machine may connect to a TCP port,
 * and is not to fill the log. Used on the event loop alone.
 */
final class Refusals {

  static final int INTERVAL_SECONDS = 10;

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(TransportServer.class);
  }

  private boolean telling;
  private int untold;
  private String last = "";

  void add(String why, EventExecutor loop) {
    if (telling) {
      untold++;
      last = why;
      return;
    }
    telling = true;
    Log.LOG.warn("a connection is closed: {}", why);
    loop.schedule(() -> tellRest(loop), INTERVAL_SECONDS, TimeUnit.SECONDS);
  }

  private void tellRest(EventExecutor loop) {
    telling = untold > 0;
    if (telling) {
      Log.LOG.warn("connections closed since then: {}; the last one: {}", untold, last);
      untold = 0;
      loop.schedule(() -> tellRest(loop), INTERVAL_SECONDS, TimeUnit.SECONDS);
    }
  }
}
