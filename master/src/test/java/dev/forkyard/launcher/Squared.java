package dev.forkyard.launcher;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.util.Map;

/** A handler as a user writes one; its result is JSON. */
public final class Squared implements JobHandler<Integer, Map<String, Integer>> {

  @Override
  public Map<String, Integer> handle(Integer number, JobContext context) {
    return Map.of("square", number * number);
  }
}
