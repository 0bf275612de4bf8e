package dev.forkyard.pool.scheduler;

import java.util.List;

/**
 * Where one slot of a worker is, as its scoreboard says.
 *
 * @param run the attempt of the job that the state speaks of, as {@link Job#run} says
 * @param startedNanos when that job started, by the clock of the scheduler
 * @param progressedNanos when this job, or one before it, last told of progress
 */
public record Progress(State state, long run, long startedNanos, long progressedNanos) {

  /** Nothing was started yet. */
  public static final Progress NONE = new Progress(State.NONE, 0, 0, 0);

  /** What the slot's thread does. */
  public enum State {
    /** It has not started any job. */
    NONE,
    /** It runs the job. */
    RUNNING,
    /** It ended the job and has started no other. */
    ENDED,
    /** It was condemned while it ran the job, and starts nothing more. */
    CONDEMNED
  }

  /** That of the slot that speaks of the job's attempt; {@link #NONE} if none does. */
  static Progress of(Job<?> job, List<Progress> slots) {
    for (Progress slot : slots) {
      if (slot.reached(job)) {
        return slot;
      }
    }
    return NONE;
  }

  boolean runs(Job<?> job) {
    return state == State.RUNNING && run == job.run();
  }

  /** How long the job that it speaks of has run; 0 where that can't be. */
  long ranNanos(long now) {
    boolean begun = state == State.RUNNING || state == State.CONDEMNED;
    return begun ? Math.max(0, now - startedNanos) : 0;
  }

  boolean reached(Job<?> job) {
    return state != State.NONE && run == job.run();
  }
}
