package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.benchmarks.scheduling.BusyScheduler;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** What the scheduler alone takes for a job, from its submission to its end. */
final class Scheduling {

  private static final int BATCH = 64;

  private final int count;
  private final Duration each;

  Scheduling(int count, Duration each) {
    this.count = count;
    this.each = each;
  }

  List<Figure> measure() {
    return List.of(
        figure("2 workers, none waiting", new BusyScheduler(2, 0)),
        figure("1,000 workers, 1,000,000 waiting", new BusyScheduler(1_000, 1_000_000)));
  }

  private Figure figure(String name, BusyScheduler scheduler) {
    for (int i = 0; i < 3; i++) {
      nanosAJob(scheduler);
    }
    Spread nanos = Spread.of(IntStream.range(0, count).mapToDouble(round -> nanosAJob(scheduler)));
    return new Figure("scheduler", name, "ns a job", nanos);
  }

  private double nanosAJob(BusyScheduler scheduler) {
    long start = System.nanoTime();
    long before = scheduler.completed();
    while (System.nanoTime() - start < each.toNanos()) {
      scheduler.exchange(BATCH);
    }
    return (System.nanoTime() - start) / (double) (scheduler.completed() - before);
  }
}
