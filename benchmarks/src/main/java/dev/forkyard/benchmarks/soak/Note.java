package dev.forkyard.benchmarks.soak;

/**
 * One thing that happened.
 *
 * @param job the job that it happened to; 0 if it happened to the pool
 * @param detail an attempt, or what {@link What} says
 * @param nanos when, by the clock that all processes of a machine share
 */
record Note(long job, What what, int detail, long nanos) {

  /** What can happen. */
  enum What {
    /** Handed to the pool; the detail is its kind and how often it may run. */
    SUBMITTED,
    /** Its handler began, in a worker. */
    STARTED,
    /** Its handler is about to return, in a worker. */
    RETURNED,
    /** Its handler is about to throw, in a worker. */
    THREW,
    /** Its submitter cancels it. */
    CANCEL_ASKED,
    /** Its future told of its end; the detail is which, and at which attempt. */
    ENDED,
    /** The pool is shut down, which cancels jobs; no job's. */
    SHUT_DOWN,
    /** Something was done to the workers; the detail is which {@link Harm.Deed}; no job's. */
    HARMED
  }

  private static final int SHIFT = 8;
  private static final int MASK = (1 << SHIFT) - 1;

  static int detail(Enum<?> which, int number) {
    return which.ordinal() << SHIFT | number;
  }

  /** The kind of a job, or of its end. */
  int which() {
    return detail >> SHIFT;
  }

  /** How often a job may run, or the attempt at which it ended. */
  int number() {
    return detail & MASK;
  }
}
