package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.benchmarks.scheduling.BusyScheduler;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What the scheduler alone takes for a job, from its submission to its end. Where a million jobs
 * wait, the collector copies them again and again; so it is told what it takes without that, too.
 */
final class Scheduling {

  private static final int BATCH = 64;
  private static final String GROUP = "scheduler";
  private static final String UNIT = "ns a job";

  private final int count;
  private final Duration each;

  Scheduling(int count, Duration each) {
    this.count = count;
    this.each = each;
  }

  List<Figure> measure() {
    List<Figure> figures = new ArrayList<>();
    figures.addAll(figures("2 workers, none waiting", new BusyScheduler(2, 0)));
    figures.addAll(
        figures("1,000 workers, 1,000,000 waiting", new BusyScheduler(1_000, 1_000_000)));
    return figures;
  }

  private record Cost(double nanos, double withoutPauses) {}

  private List<Figure> figures(String name, BusyScheduler scheduler) {
    for (int i = 0; i < 3; i++) {
      cost(scheduler);
    }
    List<Cost> costs = Stream.generate(() -> cost(scheduler)).limit(count).toList();
    Spread all = Spread.of(costs.stream().mapToDouble(Cost::nanos));
    Spread withoutPauses = Spread.of(costs.stream().mapToDouble(Cost::withoutPauses));
    return List.of(
        new Figure(GROUP, name, UNIT, all),
        new Figure(GROUP, name + ", less the collector's pauses", UNIT, withoutPauses));
  }

  private Cost cost(BusyScheduler scheduler) {
    long start = System.nanoTime();
    long before = scheduler.completed();
    long pausesBefore = pauseNanos();
    while (System.nanoTime() - start < each.toNanos()) {
      scheduler.exchange(BATCH);
    }
    double nanos = System.nanoTime() - start;
    long jobs = scheduler.completed() - before;
    return new Cost(nanos / jobs, (nanos - (pauseNanos() - pausesBefore)) / jobs);
  }

  private static long pauseNanos() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(collector -> TimeUnit.MILLISECONDS.toNanos(collector.getCollectionTime()))
        .sum();
  }
}
