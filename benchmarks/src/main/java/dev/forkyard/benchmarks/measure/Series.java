package dev.forkyard.benchmarks.measure;

import java.util.List;
import java.util.stream.IntStream;

/** All rounds of one contender, in their order. */
public record Series(String contender, List<Round> rounds) {

  /** Jobs a second. */
  public Spread perSecond() {
    return Spread.of(rounds.stream().mapToDouble(Round::perSecond));
  }

  /** Microseconds of this process's CPU a job. */
  public Spread masterMicros() {
    return Spread.of(rounds.stream().mapToDouble(Round::masterMicros));
  }

  /** Microseconds of the workers' CPU a job. */
  public Spread workerMicros() {
    return Spread.of(rounds.stream().mapToDouble(Round::workerMicros));
  }

  /** How many times as many jobs a second as the other, round by round. */
  public Spread ratioTo(Series other) {
    return Spread.of(
        IntStream.range(0, rounds.size())
            .mapToDouble(i -> rounds.get(i).perSecond() / other.rounds.get(i).perSecond()));
  }
}
