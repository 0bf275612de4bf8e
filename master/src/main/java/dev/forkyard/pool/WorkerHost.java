package dev.forkyard.pool;

/** What a worker lives in: a process of its own, or, for debugging and tests, this one. */
interface WorkerHost {

  /** The process's. */
  long pid();

  /** Asks it to end, where that is possible. */
  void terminate();

  /** Ends it, with all that it started, as far as that is possible. Returns at once. */
  void kill();

  /** Whether what is known of the process is known of the worker alone. */
  boolean isItsOwn();
}
