package dev.forkyard.benchmarks.measure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures contenders in alternating rounds, so that what disturbs the machine for a while disturbs
 * all of them.
 *
 * @param warmUp how long each runs before, in two turns
 * @param count how many rounds are measured
 * @param each how long one of a contender lasts
 */
public record Rounds(Duration warmUp, int count, Duration each) {

  /** How many jobs a second each contender gets done. */
  public List<Series> throughput(List<Contender> contenders, Workload<?, ?> workload)
      throws Exception {
    for (int turn = 0; turn < 2; turn++) {
      for (Contender contender : contenders) {
        round(contender, workload, warmUp.dividedBy(2));
      }
    }
    List<List<Round>> rounds = new ArrayList<>();
    contenders.forEach(contender -> rounds.add(new ArrayList<>()));
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < contenders.size(); k++) {
        rounds.get(k).add(round(contenders.get(k), workload, each));
      }
    }
    List<Series> series = new ArrayList<>();
    for (int k = 0; k < contenders.size(); k++) {
      series.add(new Series(contenders.get(k).name(), List.copyOf(rounds.get(k))));
    }
    return series;
  }

  private static Round round(Contender contender, Workload<?, ?> workload, Duration length)
      throws Exception {
    List<Long> workers = contender.workerPids();
    long workersBefore = Cpu.nanosOf(workers);
    long ownBefore = Cpu.ownNanos();
    long start = System.nanoTime();
    long jobs = contender.run(workload, start + length.toNanos());
    long nanos = System.nanoTime() - start;
    return new Round(jobs, nanos, Cpu.ownNanos() - ownBefore, Cpu.nanosOf(workers) - workersBefore);
  }

  /** How long a caller waits for one job, the workers being idle. */
  public List<Latency> latency(List<Contender> contenders, Workload<?, ?> workload)
      throws Exception {
    List<Latency> latencies = new ArrayList<>();
    for (Contender contender : contenders) {
      latencies.add(new Latency(contender.name()));
      Latency.once(contender, workload, warmUp);
    }
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < contenders.size(); k++) {
        latencies.get(k).round(contenders.get(k), workload, each);
      }
    }
    return latencies;
  }
}
