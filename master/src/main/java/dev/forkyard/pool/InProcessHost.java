package dev.forkyard.pool;

import dev.forkyard.worker.InProcessWorker;

/** A worker on threads of this process, which can be interrupted and no more. */
final class InProcessHost implements WorkerHost {

  private static final long PID = ProcessHandle.current().pid();

  private final InProcessWorker worker;

  InProcessHost(InProcessWorker worker) {
    this.worker = worker;
  }

  @Override
  public long pid() {
    return PID;
  }

  @Override
  public void terminate() {
    // It has been interrupted, and there is nothing between that and a kill.
  }

  @Override
  public void kill() {
    worker.kill();
  }

  @Override
  public boolean isItsOwn() {
    return false;
  }
}
