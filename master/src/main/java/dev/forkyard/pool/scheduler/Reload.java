package dev.forkyard.pool.scheduler;

import java.util.HashMap;
import java.util.Map;

/**
 * Which generation of workers is trusted, and the one that is to take its place.
 *
 * <pre>
 *   trusted(1) ──begin──► candidate(2), of which one is launched beyond those that there are
 *       ▲                     │
 *       │◄──one did not boot──┤ one is ready: from here on all launches are of it, and those of
 *       │                     ▼ other generations are due
 *       └──one did not boot──proven(2) ──the last of another is gone──► trusted(2)
 * </pre>
 */
final class Reload {

  private static final int NONE = 0;

  private final Map<Integer, Integer> alive = new HashMap<>();
  private int lastGeneration = 1;
  private int trusted = 1;
  private int candidate = NONE;
  private boolean proven;

  /** The new generation's number. */
  int begin() {
    candidate = ++lastGeneration;
    proven = false;
    return candidate;
  }

  boolean underWay() {
    return candidate != NONE;
  }

  /** None of the new generation was ready yet. */
  boolean wantsProof() {
    return underWay() && !proven;
  }

  /** Which one workers should be of. */
  int current() {
    return proven ? candidate : trusted;
  }

  /** Whether a first one of the new generation is to be launched: there is none. */
  boolean wantsTrial() {
    return wantsProof() && !alive.containsKey(candidate);
  }

  /** The generation that is to take the trusted one's place. */
  int candidate() {
    return candidate;
  }

  /** Whether it is the one that is to take the trusted one's place. */
  boolean isOnTrial(int generation) {
    return underWay() && generation == candidate;
  }

  void prove() {
    proven = true;
  }

  void launched(int generation) {
    alive.merge(generation, 1, Integer::sum);
  }

  void gone(int generation) {
    alive.computeIfPresent(generation, (key, count) -> count == 1 ? null : count - 1);
  }

  /** Whether the new generation has proven itself and no worker is of another. */
  boolean done() {
    return underWay() && proven && alive.keySet().stream().allMatch(each -> each == candidate);
  }

  void accept() {
    trusted = candidate;
    rollBack();
  }

  void rollBack() {
    candidate = NONE;
    proven = false;
  }
}
