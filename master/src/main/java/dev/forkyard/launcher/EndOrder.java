package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.util.OptionalLong;

/** Results as the jobs end. */
final class EndOrder implements ResultOrder {

  @Override
  public void add(JobEnd end, Printer printer) throws IOException {
    printer.print(end);
  }

  @Override
  public void finish(Printer printer) {}

  @Override
  public OptionalLong waitsFor() {
    return OptionalLong.empty();
  }
}
