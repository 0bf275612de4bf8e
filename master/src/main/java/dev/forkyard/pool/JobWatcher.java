package dev.forkyard.pool;

/** Hears what becomes of one job, on whatever thread it happens; to return at once. */
interface JobWatcher {

  /** Its future has completed; may be told more than once. */
  void done();

  /** It was cancelled, and runs. */
  void running();

  /**
   * It has ended and no worker has it; told once, before or after {@link #done}.
   *
   * @param neverStarted whether it is known never to have run
   */
  void left(boolean neverStarted);
}
