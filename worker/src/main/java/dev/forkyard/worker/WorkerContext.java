package dev.forkyard.worker;

import java.util.Map;
import java.util.Optional;

/**
 * What a handler may know about the worker, and its slot there, in which it lives; see {@link
 * JobHandler#start}.
 */
public interface WorkerContext {

  /**
   * What the pool's builder set by {@code setting}, by its names; the same for all workers and
   * handlers of the pool. It can't be changed.
   */
  Map<String, String> settings();

  /**
   * In which of its worker's slots this is, from 0 on: 0, unless the pool has several slots a
   * worker. Nothing else of the handlers uses the same slot at the same time.
   */
  int slot();

  /** One of the {@link #settings}; empty where there is none of that name. */
  default Optional<String> setting(String name) {
    return Optional.ofNullable(settings().get(name));
  }
}
