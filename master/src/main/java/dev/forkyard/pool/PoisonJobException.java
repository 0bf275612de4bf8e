package dev.forkyard.pool;

import java.util.List;

/**
 * The job was run again as often as it asked for, and each attempt was the end of its worker; so it
 * is given up. What it tells by itself is about the last attempt.
 */
public final class PoisonJobException extends WorkerLostException {

  private static final long serialVersionUID = 1L;

  private final List<WorkerLostException> deaths;

  PoisonJobException(
      String message, WorkerDeath death, List<WorkerLostException> deaths, JobReport report) {
    super(message, death, false, report);
    this.deaths = List.copyOf(deaths);
  }

  /** How each attempt's worker died, the oldest first: at least two. */
  public List<WorkerLostException> deaths() {
    return deaths;
  }
}
