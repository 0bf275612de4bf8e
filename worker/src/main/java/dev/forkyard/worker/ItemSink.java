package dev.forkyard.worker;

/** Takes the items of a job that emits some. */
interface ItemSink {

  /**
   * Waits while too many were emitted and not taken.
   *
   * @throws IllegalStateException if nobody takes items of this job, or it has ended
   */
  void emit(byte[] item) throws InterruptedException;
}
