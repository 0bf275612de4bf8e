package dev.forkyard.pool.scheduler;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Of the runs that a worker replied for, those that its slots may still speak of, so that a
 * scoreboard which names one is understood. A slot says what it ran last until it starts another.
 */
final class Replied {

  /** After so many a slot it is looked which are still spoken of. */
  private static final int LOOKS = 2;

  private final int slots;
  private long last;

  /** Null where there is one slot, which speaks of none but the last. */
  private final @Nullable Set<Long> all;

  Replied(int slots) {
    this.slots = slots;
    this.all = slots == 1 ? null : new HashSet<>();
  }

  void add(long run) {
    last = run;
    if (all != null) {
      all.add(run);
    }
  }

  /** Whether there are so many that it is to be told which are spoken of. */
  boolean isFull() {
    return all != null && all.size() >= LOOKS * slots;
  }

  void keepThose(List<Progress> spokenOf) {
    if (all != null) {
      all.removeIf(run -> spokenOf.stream().noneMatch(slot -> slot.run() == run));
    }
  }

  boolean contains(long run) {
    return all == null ? run == last : all.contains(run);
  }
}
