package dev.forkyard.pool;

/** Who hears what a job sends. */
interface Hearer {

  /** On the loop: there is something to {@link JobMessages#poll}. To return at once. */
  void arrived();

  /**
   * Whether the job's future has its result only when all that came before was heard, and otherwise
   * ends without it.
   */
  boolean holdsBackResult();
}
