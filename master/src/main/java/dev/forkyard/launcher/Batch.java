package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.InputEnd;
import dev.forkyard.launcher.BatchEvent.JobEnd;
import dev.forkyard.launcher.BatchEvent.Stop;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * All jobs of one command, from the first input to the last result. Everything that happens comes
 * as an event to the one thread that owns the batch and prints.
 */
final class Batch {

  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final LinkedBlockingQueue<BatchEvent> events = new LinkedBlockingQueue<>();
  private final Tally tally = new Tally();
  private final InputReader reader;
  private final Window window;
  private final ResultOrder order;
  private final ResultPrinter printer;
  private final Console console;
  private final Progress progress;
  private final boolean verbose;
  private final Halt halt;

  private long taken = Long.MAX_VALUE;
  private @Nullable Stop stop;
  private long stopNanos;

  Batch(
      InputSource source,
      Jobs jobs,
      Window window,
      ResultOrder order,
      ResultPrinter printer,
      Console console,
      Progress progress,
      boolean verbose,
      Halt halt) {
    this.reader = new InputReader(source, jobs, window, events::add);
    this.window = window;
    this.order = order;
    this.printer = printer;
    this.console = console;
    this.progress = progress;
    this.verbose = verbose;
    this.halt = halt;
  }

  /**
   * Runs until all jobs have ended or it was stopped.
   *
   * @return the exit code
   * @throws IOException if the results can't be written
   * @throws LauncherException if no job can be run, or the inputs can't be read
   */
  int run() throws IOException, InterruptedException {
    Thread reading = new Thread(reader, "forkyard-input");
    reading.setDaemon(true);
    reading.start();
    try {
      while (!isOver()) {
        handle(next());
      }
      order.finish(this::print);
      printer.flush();
    } finally {
      taken = window.close();
    }
    return stop != null ? stop.exitCode() : tally.failed() > 0 ? Launcher.JOB_FAILED : 0;
  }

  /** Asks the batch to end; from any thread, at any time. */
  void stop(Stop wanted) {
    events.add(wanted);
  }

  /** Whether it ended because someone asked for it. */
  boolean stopped() {
    return stop != null;
  }

  Tally tally() {
    return tally;
  }

  /** How many inputs were taken; known once it is over. */
  long taken() {
    return taken;
  }

  private boolean isOver() {
    return tally.ended() >= taken || (stop != null && stopNanos - System.nanoTime() <= 0);
  }

  /** The next event, or null after a while without one. Results are handed on before it waits. */
  private @Nullable BatchEvent next() throws IOException, InterruptedException {
    BatchEvent event = events.poll();
    if (event != null) {
      return event;
    }
    printer.flush();
    if (stop != null) {
      return events.poll(stopNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
    return progress.shown() ? events.poll(TICK_NANOS, TimeUnit.NANOSECONDS) : events.take();
  }

  private void handle(@Nullable BatchEvent event) throws IOException {
    if (event instanceof JobEnd end) {
      ended(end);
    } else if (event instanceof InputEnd end) {
      inputEnded(end);
    } else if (event instanceof Stop wanted) {
      stopped(wanted);
    }
    progress.waitingFor(window.full() ? order.waitsFor() : OptionalLong.empty());
  }

  private void ended(JobEnd end) throws IOException {
    Throwable error = end.error();
    if (error != null && stop == null && Failure.endsBatch(error)) {
      int exitCode = tally.succeeded() == 0 ? Launcher.WRONG_USAGE : Launcher.JOB_FAILED;
      console.details(verbose ? Failure.details(error) : "");
      throw new LauncherException(exitCode, Failure.of(error).message(), null);
    }
    tally.count(error == null);
    progress.step();
    if (error != null) {
      console.line("forkyard: " + Failure.line(end, error));
      console.details(verbose ? Failure.details(error) : "");
    }
    order.add(end, this::print);
    if (error != null && stop == null && halt.isReached(tally)) {
      stopped(new Stop(Launcher.HALTED, Duration.ZERO));
    }
  }

  private void inputEnded(InputEnd end) {
    taken = window.close();
    if (end.problem() != null && stop == null) {
      throw new LauncherException(
          Launcher.JOB_FAILED,
          "can't read the inputs: " + end.problem().getMessage(),
          end.problem());
    }
  }

  private void stopped(Stop wanted) {
    taken = window.close();
    stop = wanted;
    stopNanos = System.nanoTime() + wanted.grace().toNanos();
  }

  private void print(JobEnd end) throws IOException {
    printer.print(end);
    window.printed(end.bytes());
  }
}
