package dev.forkyard.pool.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every accepted job ends exactly once, and as it should, in every history. */
@Tag("any-jdk")
class SimulationTest {

  /** The build's profiles ask for more; a failing seed is printed and can be asked for alone. */
  private static final long SEEDS = Long.getLong("forkyard.simulation.seeds", 20_000);

  private static final long FIRST = Long.getLong("forkyard.simulation.first", 1);

  @Test
  void everyJobEndsExactlyOnceAndAsItShouldInEveryHistory() {
    LongAdder events = new LongAdder();
    LongStream.range(FIRST, FIRST + SEEDS)
        .parallel()
        .forEach(seed -> events.add(Simulation.run(seed)));
    System.out.printf("simulation: %,d histories, %,d events%n", SEEDS, events.sum());
    assertThat(events.sum()).isGreaterThanOrEqualTo(SEEDS);
  }
}
