package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.InputEnd;
import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Turns inputs into jobs, as fast as the window lets it, on a thread of its own. */
final class InputReader implements Runnable {

  private final InputSource source;
  private final Jobs jobs;
  private final Window window;
  private final Consumer<BatchEvent> events;

  InputReader(InputSource source, Jobs jobs, Window window, Consumer<BatchEvent> events) {
    this.source = source;
    this.jobs = jobs;
    this.window = window;
    this.events = events;
  }

  @Override
  public void run() {
    events.accept(new InputEnd(readAll()));
  }

  private @Nullable Throwable readAll() {
    try {
      while (window.awaitRoom()) {
        Input input = source.next();
        long number = input == null ? 0 : window.admit(input.bytes());
        if (input == null || number == 0) {
          return null;
        }
        start(number, input);
      }
      return null;
    } catch (IOException | RuntimeException | Error e) {
      return e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e;
    }
  }

  private void start(long number, Input input) {
    if (input.problem() != null) {
      end(new JobEnd(number, input, null, new UnusableInputException(input.problem()), null));
      return;
    }
    try {
      jobs.submit(
          input.text(),
          (result, error, report) -> end(new JobEnd(number, input, result, error, report)));
    } catch (RuntimeException e) {
      end(new JobEnd(number, input, null, e, null));
    }
  }

  private void end(JobEnd end) {
    window.ended(end.input().bytes(), end.bytes());
    events.accept(end);
  }
}
