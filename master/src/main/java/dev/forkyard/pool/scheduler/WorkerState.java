package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * The states of a worker, with what is valid in each. A replacement is a new worker with a new id.
 */
sealed interface WorkerState {

  /** Launched; kills it if it does not greet in time. */
  record Starting(Timers.Timer deadline) implements WorkerState {}

  /** Holds no job. */
  record Ready() implements WorkerState {}

  /** Holds jobs. */
  record Busy() implements WorkerState {}

  /** Gets no more jobs and is to end by itself; kills it if it does not. */
  record Draining(Timers.Timer deadline) implements WorkerState {}

  /**
   * On its way out by the ladder of interrupt, SIGTERM and SIGKILL.
   *
   * @param condemned the job for which its outcome still waits for a thread dump
   * @param deadline which of its deadlines passed; null if it was cancelled
   * @param ranNanos how long that job had run
   * @param step the next rung
   */
  record Killing(
      @Nullable Job<?> condemned, @Nullable Deadline deadline, long ranNanos, Timers.Timer step)
      implements WorkerState {

    /** On its way out for no job's sake. */
    Killing(Timers.Timer step) {
      this(null, null, 0, step);
    }
  }

  /** Its process has exited and its socket was read to its end; half of it is waited for. */
  record Dying(Timers.Timer deadline) implements WorkerState {}

  /** Its jobs are judged. */
  record Dead() implements WorkerState {}

  /** Whether a worker in this state may become {@code next}. */
  default boolean allows(WorkerState next) {
    if (this instanceof Dead) {
      return false;
    } else if (this instanceof Dying) {
      return next instanceof Dead;
    } else if (this instanceof Killing) {
      return next instanceof Killing || next instanceof Dying || next instanceof Dead;
    } else if (next instanceof Killing || next instanceof Dying || next instanceof Dead) {
      return true;
    } else if (this instanceof Starting) {
      return next instanceof Ready;
    } else if (this instanceof Ready) {
      return next instanceof Busy || next instanceof Draining;
    } else if (this instanceof Busy) {
      return next instanceof Ready || next instanceof Draining;
    }
    return false;
  }
}
