package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.Stop;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import sun.misc.Signal;

/**
 * Turns signals into stops. A batch that does not end in time after one (its output may be
 * blocked), or gets an interrupt again, is ended at once; its workers then end with this process.
 */
final class Signals implements AutoCloseable {

  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int SIGNAL_EXIT = 128;

  private final Consumer<Stop> stops;
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  private Signals(Consumer<Stop> stops) {
    this.stops = stops;
  }

  static Signals install(Consumer<Stop> stops) {
    Signals signals = new Signals(stops);
    Signal.handle(new Signal("INT"), signals::interrupt);
    Signal.handle(new Signal("HUP"), signals::interrupt);
    Signal.handle(new Signal("TERM"), signal -> signals.stop(signal, DRAIN));
    return signals;
  }

  private void interrupt(Signal signal) {
    if (interrupted.getAndSet(true)) {
      Runtime.getRuntime().halt(SIGNAL_EXIT + signal.getNumber());
    }
    stop(signal, Duration.ZERO);
  }

  /** Each signal comes on a thread of its own, which may wait. */
  private void stop(Signal signal, Duration grace) {
    int exitCode = SIGNAL_EXIT + signal.getNumber();
    stops.accept(new Stop(exitCode, grace));
    try {
      if (!ended.await(grace.plus(PATIENCE).toMillis(), TimeUnit.MILLISECONDS)) {
        Runtime.getRuntime().halt(exitCode);
      }
    } catch (InterruptedException e) {
      Runtime.getRuntime().halt(exitCode);
    }
  }

  /** All that a stop should end has ended. */
  @Override
  public void close() {
    ended.countDown();
  }
}
