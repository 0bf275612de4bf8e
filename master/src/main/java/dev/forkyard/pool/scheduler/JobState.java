package dev.forkyard.pool.scheduler;

/** The states of a job, with what is valid in each. */
sealed interface JobState {

  /** In the queue. */
  record Queued() implements JobState {}

  /** All are the same. */
  Queued QUEUED = new Queued();

  /** Not to be run again before its pause is over. */
  record Resting() implements JobState {}

  /** In a worker's hands, and not known to have started. */
  record Assigned(long workerId) implements JobState {}

  /** Seen to run on a worker. */
  record Running(long workerId) implements JobState {}

  /** Completed. */
  record Ended(Outcome outcome) implements JobState {}

  /** Whether a job in this state may become {@code next}. */
  default boolean allows(JobState next) {
    if (this instanceof Queued) {
      return next instanceof Assigned || next instanceof Ended;
    } else if (this instanceof Assigned assigned) {
      return next instanceof Queued
          || next instanceof Resting
          || next instanceof Ended
          || (next instanceof Running running && running.workerId == assigned.workerId);
    } else if (this instanceof Running) {
      return next instanceof Queued || next instanceof Resting || next instanceof Ended;
    } else if (this instanceof Resting) {
      return next instanceof Queued || next instanceof Ended;
    }
    return false;
  }
}
