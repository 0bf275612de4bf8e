package dev.forkyard.pool.scheduler;

import dev.forkyard.pool.scheduler.WorkerState.Draining;
import dev.forkyard.pool.scheduler.WorkerState.Dying;
import dev.forkyard.pool.scheduler.WorkerState.Killing;
import dev.forkyard.pool.scheduler.WorkerState.Starting;
import org.jspecify.annotations.Nullable;

/**
 * How a worker comes to its end, each step of which has its time.
 *
 * <pre>
 *   for one job:   interrupt and dump ──► SIGTERM ──► SIGKILL ──┐
 *   for itself:                 drain ──────────────► SIGKILL ──┼──► its process has exited,
 *   by itself: ─────────────────────────────────────────────────┘    its socket was read to its end
 * </pre>
 */
final class Ladder<J> {

  /** Is told of ends. */
  interface Ends<J> {

    /** The worker's end begins, for whatever reason; called at least once for each. */
    void begins(Worker<J> worker, long now);

    /** Nothing more comes of the worker. */
    void reached(Worker<J> worker, long now);
  }

  private final SchedulerConfig config;
  private final Actions<J> actions;
  private final Timers timers;
  private final Crew<J> crew;
  private final Jobs<J> jobs;
  private final Rotation<J> rotation;
  private final Ends<J> ends;

  Ladder(
      SchedulerConfig config,
      Actions<J> actions,
      Timers timers,
      Crew<J> crew,
      Jobs<J> jobs,
      Rotation<J> rotation,
      Ends<J> ends) {
    this.config = config;
    this.actions = actions;
    this.timers = timers;
    this.crew = crew;
    this.jobs = jobs;
    this.rotation = rotation;
    this.ends = ends;
  }

  /** A worker that is being killed for another reason, and lingers, needs no ladder of its own. */
  void timeOut(Worker<J> worker, Job<J> job, Deadline deadline, long ranNanos, long now) {
    if (worker.doomed()) {
      jobs.endInHands(job, new Outcome.TimedOut(deadline, null, ranNanos));
    } else {
      climb(worker, job, deadline, ranNanos, now);
    }
  }

  boolean isCondemned(Worker<J> worker, Job<J> job) {
    return worker.state() instanceof Killing killing && killing.condemned() == job;
  }

  /** The slot is condemned for this job: whatever is hit now, it is this job. */
  void climb(Worker<J> worker, Job<J> job, @Nullable Deadline deadline, long ranNanos, long now) {
    job.seenToRun(now);
    jobs.stopWaiting(job);
    leaveState(worker);
    Timers.Timer step = timers.at(now + config.dumpNanos(), at -> terminate(worker, null, at));
    crew.become(worker, new Killing(job, deadline, ranNanos, step));
    actions.interrupt(worker.id, job.id());
  }

  /** False if no dump of this job was asked for. */
  boolean dumped(Worker<J> worker, long jobId, String text, long now) {
    if (worker.state() instanceof Killing killing
        && killing.condemned() != null
        && killing.condemned().id() == jobId) {
      terminate(worker, text, now);
      return true;
    }
    return false;
  }

  private void terminate(Worker<J> worker, @Nullable String dump, long now) {
    if (!(worker.state() instanceof Killing killing)) {
      return;
    }
    timers.cancel(killing.step());
    completeCondemned(worker, dump);
    long rest = Math.max(0, config.hardNanos() - config.dumpNanos());
    Timers.Timer step = timers.at(now + rest, at -> kill(worker, at));
    crew.become(worker, new Killing(step));
    actions.terminate(worker.id);
  }

  /** How long the job that it speaks of has run; what the worker claims has its bounds. */
  static long ranNanos(Worker<?> worker, Progress progress, long now) {
    return Math.min(progress.ranNanos(now), now - worker.bornNanos);
  }

  void completeCondemned(Worker<J> worker, @Nullable String dump) {
    if (worker.state() instanceof Killing killing && killing.deadline() != null) {
      for (Job<J> job : worker.line) {
        if (job == killing.condemned() && !job.ended()) {
          jobs.endInHands(job, new Outcome.TimedOut(killing.deadline(), dump, killing.ranNanos()));
        }
      }
    }
  }

  void kill(Worker<J> worker, long now) {
    if (worker.state() instanceof Dying || worker.state() instanceof WorkerState.Dead) {
      return;
    }
    worker.asked |= worker.state() instanceof Draining && worker.line.isEmpty();
    ends.begins(worker, now);
    completeCondemned(worker, null);
    leaveState(worker);
    Timers.Timer step = timers.at(now + config.abandonNanos(), at -> ends.reached(worker, at));
    crew.become(worker, new Killing(step));
    actions.kill(worker.id);
  }

  void dismiss(Worker<J> worker, long now) {
    worker.dismissed = true;
    drainOrKill(worker, now);
    actions.drain(worker.id);
  }

  void drainOrKill(Worker<J> worker, long now) {
    leaveState(worker);
    Timers.Timer deadline = timers.at(now + config.drainNanos(), at -> kill(worker, at));
    crew.become(worker, new Draining(deadline));
  }

  /** Cancels what its present state waits for. */
  void leaveState(Worker<J> worker) {
    if (worker.state() instanceof Starting starting) {
      timers.cancel(starting.deadline());
    } else if (worker.state() instanceof Draining draining) {
      timers.cancel(draining.deadline());
    } else if (worker.state() instanceof Killing killing) {
      timers.cancel(killing.step());
    } else if (worker.state() instanceof Dying dying) {
      timers.cancel(dying.deadline());
    }
    timers.cancel(worker.recall);
    worker.recall = null;
    timers.cancel(worker.pulse);
    worker.pulse = null;
    timers.cancel(worker.age);
    worker.age = null;
    rotation.forget(worker);
  }

  void halfDead(Worker<J> worker, long now) {
    if (worker.exited && worker.socketEnded) {
      ends.reached(worker, now);
    } else if (!(worker.state() instanceof Dying)) {
      ends.begins(worker, now);
      completeCondemned(worker, null);
      boolean asked = worker.state() instanceof Draining && worker.line.isEmpty();
      leaveState(worker);
      Timers.Timer deadline =
          timers.at(now + config.lastWordsNanos(), at -> ends.reached(worker, at));
      crew.become(worker, new Dying(deadline));
      worker.asked |= asked;
    }
  }
}
