package dev.forkyard.pool.scheduler;

/**
 * A worker as the scheduler sees it at one moment.
 *
 * @param memoryBytes what it held when it was last weighed; 0 if it never was
 * @param answered for how many jobs it has replied
 * @param bornNanos when it was launched, by the scheduler's clock
 */
public record WorkerView(
    long id, Stage stage, int load, long memoryBytes, long answered, long bornNanos) {

  static WorkerView of(Worker<?> worker) {
    return new WorkerView(
        worker.id,
        Stage.of(worker.state()),
        worker.load(),
        worker.memory,
        worker.answered,
        worker.bornNanos);
  }

  /** Where it is in its life. */
  public enum Stage {
    /** Launched, not greeted. */
    STARTING,
    /** Without a job. */
    READY,
    /** With jobs. */
    BUSY,
    /** Ends what it holds. */
    DRAINING,
    /** Being killed, or dying. */
    KILLING;

    static Stage of(WorkerState state) {
      if (state instanceof WorkerState.Starting) {
        return STARTING;
      } else if (state instanceof WorkerState.Ready) {
        return READY;
      } else if (state instanceof WorkerState.Busy) {
        return BUSY;
      }
      return state instanceof WorkerState.Draining ? DRAINING : KILLING;
    }
  }
}
