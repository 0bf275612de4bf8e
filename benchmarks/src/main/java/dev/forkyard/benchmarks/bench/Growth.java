package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Jvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Whether a master with a heap of 64 MiB grows over 10,000,000 jobs. */
final class Growth {

  private static final int PARTS = 10;
  private static final int JOBS = 1_000_000;
  private static final double MIB = 1 << 20;

  private final int workers;

  Growth(int workers) {
    this.workers = workers;
  }

  List<Figure> measure() throws IOException, InterruptedException {
    long since = System.nanoTime();
    List<Double> mib = new ArrayList<>();
    Process master =
        Jvm.start(
            Jvm.command(
                List.of("-Xmx64m", "-XX:+UseSerialGC"),
                GrowingMaster.class,
                "" + workers,
                "" + JOBS,
                "" + PARTS));
    try (BufferedReader lines = master.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        mib.add(Long.parseLong(line) / MIB);
      }
    }
    if (master.waitFor() != 0 || mib.size() != PARTS) {
      throw new IOException(
          "the master with a small heap ended with %d after %d of %d parts"
              .formatted(master.exitValue(), mib.size(), PARTS));
    }
    return List.of(
        figure("live heap after %,d jobs".formatted(JOBS), "MiB", mib.get(0)),
        figure("live heap after %,d jobs".formatted(JOBS * PARTS), "MiB", mib.get(PARTS - 1)),
        figure("all of them, -Xmx64m", "s", (System.nanoTime() - since) / 1e9));
  }

  private static Figure figure(String name, String unit, double value) {
    return Figure.of("growth of the master", name, unit, value);
  }
}
