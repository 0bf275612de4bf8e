package dev.forkyard.pool.scheduler;

import java.util.List;

/**
 * What the scheduler wants done. Each call returns at once, and none calls back into the scheduler.
 *
 * @param <J> what the pool attaches to a job
 */
public interface Actions<J> {

  /**
   * Start a worker process; its end is told by {@link Scheduler#exited} also if it never started.
   *
   * @param generation 1, or what {@link Scheduler#reload} answered with
   */
  void launch(long workerId, int generation);

  /** The worker may get jobs from now on. */
  void ready(long workerId);

  /** Hand the job to the worker, behind those handed to it before. */
  void run(long workerId, Job<J> job);

  /** Whether {@link #choose} is asked who gets a job; told once, before anything else. */
  default boolean chooses() {
    return false;
  }

  /**
   * Which of these workers shall have the job, which any may have; by their ids, and not empty.
   *
   * @return its index; with any other number the scheduler chooses
   */
  default int choose(Job<J> job, List<WorkerView> candidates) {
    return 0;
  }

  /** Ask for jobs back that have not started. */
  void recall(long workerId, long[] jobIds);

  /** Ask the job to stop, if it still runs, and hit no other; it is not condemned, and may end. */
  void askToStop(long workerId, long jobId);

  /** Interrupt the condemned job and ask for a thread dump. */
  void interrupt(long workerId, long jobId);

  /** Ask the worker to end when it has done what it holds. */
  void drain(long workerId);

  /** Send SIGTERM. */
  void terminate(long workerId);

  /** Send SIGKILL, to all that the worker started too. */
  void kill(long workerId);

  /**
   * Compare-and-set the slot of the worker that is RUNNING(run) to CONDEMNED(run).
   *
   * @param run the attempt of the job, as {@link Job#run} says
   * @return false if that runs in none, and nobody may be hit
   */
  boolean condemn(long workerId, long run);

  /**
   * What the worker publishes about itself, for each of its slots: evidence from an untrusted
   * source. Empty where nothing is known.
   */
  List<Progress> progress(long workerId);

  /** A number that the worker changes while it runs: evidence from the same source. */
  long beats(long workerId);

  /** The worker shows no sign of life, and is killed for that. */
  void frozen(long workerId);

  /** Tell how much memory the worker holds, by {@link Scheduler#weighed}. */
  void weigh(long workerId);

  /** The worker holds more memory than it may before it had any job, and is killed for that. */
  void overweight(long workerId, long bytes);

  /** All workers are of the generation that the reload made. */
  void reloaded();

  /**
   * The reload was rolled back.
   *
   * @param workerId of the new generation, which did not boot; 0 where the scheduler was closed or
   *     broke meanwhile
   */
  void rolledBack(long workerId);

  /** The job left the queue for the first time, so that there is room for another. */
  void dequeued(Job<J> job);

  /** Whether the job, which failed with this reply, asks to be run again after such a failure. */
  boolean wantsRetry(Job<J> job, Object reply);

  /**
   * An attempt is over and the job will be run again; it still has that attempt's number.
   *
   * @param lost whether its worker died; otherwise it failed by itself
   * @param runNanos how long the attempt ran; 0 where that is not known
   * @param pauseNanos how long it is not run
   */
  void retrying(Job<J> job, boolean lost, long runNanos, long pauseNanos);

  /** The job has ended; called once for each job. */
  void complete(Job<J> job, Outcome outcome);

  /**
   * A worker has the job no longer, and nothing of it runs; called once for each job that {@link
   * Job#lingers}, after {@link #complete}.
   */
  void left(Job<J> job);

  /**
   * The worker is dead and its jobs are judged.
   *
   * @param lost whether it ended without having been asked to
   */
  void forget(long workerId, boolean lost);

  /** The scheduler was closed, and the last job and the last worker are gone. */
  void terminated();
}
