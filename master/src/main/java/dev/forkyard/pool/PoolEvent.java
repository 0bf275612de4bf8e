package dev.forkyard.pool;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What happens to a pool and its workers, as {@link ProcessPool.Builder#onEvent} tells it. Worker
 * ids are those of {@link WorkerInfo#id}.
 */
public sealed interface PoolEvent {

  /** The pool's name. */
  String pool();

  /** A worker is launched; it has no process id yet. */
  record WorkerStarting(String pool, long workerId) implements PoolEvent {}

  /**
   * A worker takes jobs from now on.
   *
   * @param bootTime since its launch
   */
  record WorkerReady(String pool, long workerId, long workerPid, Duration bootTime)
      implements PoolEvent {}

  /**
   * A worker waits for a debugger, where {@link ProcessPool.Builder#debugWorkers} asks for that.
   *
   * @param port on the loopback interface
   */
  record WorkerDebuggable(String pool, long workerId, long workerPid, int port)
      implements PoolEvent {}

  /**
   * A worker gets no more jobs and is asked to end: it is replaced, there are more than there
   * should be, or the pool closes.
   */
  record WorkerRetired(String pool, long workerId, long workerPid) implements PoolEvent {}

  /**
   * A worker's process has ended.
   *
   * @param workerPid 0 if there never was a process
   * @param lost whether it was not asked to; those are counted in {@link PoolStats#lost}
   * @param how it ended, in words, with its last output where it did not end well
   * @param exitCode empty where a signal ended it, and where it is not known
   * @param signal the signal's name, where one ended it
   * @param outOfMemory whether its heap or metaspace, or the machine's or container's memory, was
   *     full
   * @param outputTail the last lines it printed, 8 KiB at most
   * @param crashReport where the JVM wrote one
   * @param age since its launch
   */
  record WorkerEnded(
      String pool,
      long workerId,
      long workerPid,
      boolean lost,
      String how,
      OptionalInt exitCode,
      Optional<String> signal,
      boolean outOfMemory,
      String outputTail,
      Optional<Path> crashReport,
      Duration age)
      implements PoolEvent {}

  /** All jobs end with {@link PoolBrokenException}, and so will all that come. */
  record PoolBroken(String pool, String reason) implements PoolEvent {}

  /** All workers have the settings of a {@link ProcessPool#reload()}. */
  record PoolReloaded(String pool) implements PoolEvent {}

  /** A {@link ProcessPool#reload()} was given up, and workers have the settings of before. */
  record ReloadRolledBack(String pool, String reason) implements PoolEvent {}
}
