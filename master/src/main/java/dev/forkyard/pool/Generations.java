package dev.forkyard.pool;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the workers of each generation are launched with: there is one generation, and during a
 * reload a second one. For the loop, but for {@link #current}.
 */
final class Generations {

  private final Map<Integer, PoolConfig> settings = new HashMap<>();

  /** The number of the one that is in use, or was before the reload. */
  private int number = 1;

  private volatile PoolConfig current;

  /** Who waits for the end of the reload. */
  private @Nullable CompletableFuture<@Nullable Void> reloading;

  Generations(PoolConfig first) {
    settings.put(number, first);
    this.current = first;
  }

  /** The settings in use; during a reload, those of before. From any thread. */
  PoolConfig current() {
    return current;
  }

  PoolConfig of(int generation) {
    return settings.getOrDefault(generation, current);
  }

  boolean reloading() {
    return reloading != null;
  }

  void resize(int workers, int minWorkers) {
    settings.replaceAll((generation, old) -> old.withWorkers(workers, minWorkers));
    current = of(number);
  }

  void reload(int next, PoolConfig changed, CompletableFuture<@Nullable Void> future) {
    settings.put(next, changed);
    reloading = future;
  }

  /** The new settings are in use; who waited for that, if anybody did. */
  @Nullable CompletableFuture<@Nullable Void> reloaded() {
    settings.remove(number);
    number = settings.keySet().iterator().next();
    current = of(number);
    return reloadEnded();
  }

  /** Those of before are in use again; who waited, if anybody did. */
  @Nullable CompletableFuture<@Nullable Void> rolledBack() {
    settings.keySet().retainAll(List.of(number));
    return reloadEnded();
  }

  private @Nullable CompletableFuture<@Nullable Void> reloadEnded() {
    CompletableFuture<@Nullable Void> waiting = reloading;
    reloading = null;
    return waiting;
  }
}
