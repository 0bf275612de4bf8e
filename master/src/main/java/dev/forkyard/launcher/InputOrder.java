package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Results in the order of their inputs; the {@link Window} bounds how many wait here. */
final class InputOrder implements ResultOrder {

  private final TreeMap<Long, JobEnd> waiting = new TreeMap<>();
  private long next = 1;

  @Override
  public void add(JobEnd end, Printer printer) throws IOException {
    if (end.number() != next) {
      waiting.put(end.number(), end);
      return;
    }
    printer.print(end);
    next++;
    for (JobEnd ready = waiting.remove(next); ready != null; ready = waiting.remove(next)) {
      printer.print(ready);
      next++;
    }
  }

  @Override
  public void finish(Printer printer) throws IOException {
    for (JobEnd end : waiting.values()) {
      printer.print(end);
    }
    waiting.clear();
  }

  @Override
  public OptionalLong waitsFor() {
    return waiting.isEmpty() ? OptionalLong.empty() : OptionalLong.of(next);
  }
}
