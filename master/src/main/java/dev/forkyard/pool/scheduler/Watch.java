package dev.forkyard.pool.scheduler;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks after jobs in workers' hands: that none runs past its deadlines, that one which nobody
 * waits for is stopped or comes back, and that the workers live.
 */
final class Watch<J> {

  /** How often the slot of a worker is looked at again while a decision waits for it. */
  static final long RECHECK_NANOS = 10_000_000L;

  private final SchedulerConfig config;
  private final Actions<J> actions;
  private final Timers timers;
  private final Jobs<J> jobs;
  private final Ladder<J> ladder;

  Watch(SchedulerConfig config, Actions<J> actions, Timers timers, Jobs<J> jobs, Ladder<J> ladder) {
    this.config = config;
    this.actions = actions;
    this.timers = timers;
    this.jobs = jobs;
    this.ladder = ladder;
  }

  /** The first jobs of the line run or are next to; from here their deadlines are watched. */
  void over(Worker<J> worker, long now) {
    Job<J> head = worker.line.peekFirst();
    if (head == null) {
      worker.idleSinceNanos = now;
    } else if (worker.slots == 1) {
      watchSlot(worker, head, now);
    } else {
      worker.inSlots().forEach(job -> watchSlot(worker, job, now));
    }
  }

  private void watchSlot(Worker<J> worker, Job<J> job, long now) {
    if (!job.inSlot) {
      job.inSlot = true;
      job.stirredNanos = now;
      jobs.stopExpiring(job);
      if (!job.ended() && job.timer == null) {
        watch(worker, job, now, Deadline.next(job, now, now), now);
      }
    }
  }

  /** Looks at the job again when it may be due. */
  private void watch(
      Worker<J> worker, Job<J> job, long since, Deadline.@Nullable Due due, long now) {
    if (due != null) {
      long at = due.atNanos() - now > 0 ? due.atNanos() : now + RECHECK_NANOS;
      job.timer = timers.at(at, then -> checkDeadline(worker, job, since, then));
    }
  }

  private void checkDeadline(Worker<J> worker, Job<J> job, long since, long now) {
    job.timer = null;
    Progress progress = Progress.of(job, actions.progress(worker.id));
    if (progress.runs(job)) {
      job.seenToRun(now);
      long started = Math.min(Math.max(progress.startedNanos(), since), job.seenRunningNanos);
      Deadline.Due due = Deadline.next(job, started, earlier(progress.progressedNanos(), now));
      if (due != null && due.deadline() == Deadline.SOFT && due.atNanos() - now <= 0) {
        job.askToStop();
        actions.askToStop(worker.id, job.id());
        due = Deadline.next(job, started, earlier(progress.progressedNanos(), now));
      }
      Deadline passed = job.overdue;
      if (passed == null && due != null && due.atNanos() - now <= 0) {
        passed = due.deadline();
      }
      if (passed == null) {
        watch(worker, job, since, due, now);
        return;
      } else if (mayEndByItself(worker, job, now)) {
        job.overdue = passed;
        job.timer = timers.at(job.graceEndsNanos, at -> checkDeadline(worker, job, since, at));
        return;
      } else if (actions.condemn(worker.id, job.run())) {
        ladder.timeOut(worker, job, passed, Ladder.ranNanos(worker, progress, now), now);
        return;
      }
    }
    // It has ended and its reply is under way, or it has not started; the pulse bounds both.
    job.timer = timers.at(now + RECHECK_NANOS, at -> checkDeadline(worker, job, since, at));
  }

  /**
   * Where others may run beside it, whom its end would cost: asks it, once, to end by itself, and
   * tells whether there is time left for that.
   */
  private boolean mayEndByItself(Worker<J> worker, Job<J> job, long now) {
    if (worker.slots == 1) {
      return false;
    }
    if (!job.warned) {
      job.warned = true;
      job.graceEndsNanos = now + config.hardNanos();
      actions.askToStop(worker.id, job.id());
    }
    return job.graceEndsNanos - now > 0;
  }

  /** What the worker claims about its future does not count. */
  private static long earlier(long claimed, long now) {
    return claimed - now < 0 ? claimed : now;
  }

  /**
   * Stops a job that nobody waits for any more: by the ladder if it runs, by a recall if it does
   * not.
   */
  void stopOnWorker(Worker<J> worker, Job<J> job, long now) {
    if (!stopsRun(worker, job, now)) {
      recall(worker, new long[] {job.id()}, now);
      job.timer = timers.at(now + RECHECK_NANOS, at -> recheckCancelled(worker, job, at));
    }
  }

  private void recheckCancelled(Worker<J> worker, Job<J> job, long now) {
    job.timer = null;
    if (!worker.doomed() && worker.find(job.id()) == job && !stopsRun(worker, job, now)) {
      job.timer = timers.at(now + RECHECK_NANOS, at -> recheckCancelled(worker, job, at));
    }
  }

  /** Whether the job, for which nobody waits any more, runs, and its end is under way. */
  private boolean stopsRun(Worker<J> worker, Job<J> job, long now) {
    Progress progress = Progress.of(job, actions.progress(worker.id));
    if (!progress.runs(job)) {
      return false;
    } else if (mayEndByItself(worker, job, now)) {
      job.timer = timers.at(job.graceEndsNanos, at -> recheckCancelled(worker, job, at));
      return true;
    } else if (actions.condemn(worker.id, job.run())) {
      ladder.climb(worker, job, null, Ladder.ranNanos(worker, progress, now), now);
      return true;
    }
    return false;
  }

  void recall(Worker<J> worker, long[] jobIds, long now) {
    long[] sorted = jobIds.clone();
    Arrays.sort(sorted);
    worker.recalls.addLast(sorted);
    actions.recall(worker.id, jobIds);
    if (worker.recall == null) {
      awaitReturn(worker, jobIds, now + config.recallNanos());
    }
  }

  private void awaitReturn(Worker<J> worker, long[] jobIds, long deadline) {
    worker.recall =
        timers.at(
            deadline,
            at -> {
              worker.recall = null;
              long patience = worker.heardNanos + config.recallNanos();
              if (!holdsAny(worker, jobIds)) {
                return;
              } else if (patience - at > 0) {
                // The question or the answer may wait behind something large.
                awaitReturn(worker, jobIds, patience);
              } else {
                ladder.kill(worker, at);
              }
            });
  }

  /** Whether a recalled job is still there and not at work: then the worker kept silent. */
  private boolean holdsAny(Worker<J> worker, long[] jobIds) {
    List<Progress> slots = actions.progress(worker.id);
    for (long jobId : jobIds) {
      Job<J> job = worker.find(jobId);
      if (job != null && job.id() == jobId && !Progress.of(job, slots).reached(job)) {
        return true;
      }
    }
    return false;
  }

  void recallAnswered(Worker<J> worker) {
    timers.cancel(worker.recall);
    worker.recall = null;
  }

  void armPulse(Worker<J> worker, long now) {
    worker.pulse = timers.at(now + config.lookNanos(), at -> pulse(worker, at));
  }

  /**
   * A worker that shows no sign of life is frozen. One that has not started its first jobs, or not
   * replied for them, for too long is stuck, unless its connection is at work.
   */
  private void pulse(Worker<J> worker, long now) {
    List<Progress> slots = actions.progress(worker.id);
    boolean runs = false;
    boolean stuck = false;
    for (Job<J> job : worker.inSlots()) {
      if (Progress.of(job, slots).runs(job)) {
        runs = true;
        job.stirredNanos = now;
      }
      stuck |= now - job.stirredNanos >= config.pulseNanos();
    }
    int looks = runs ? config.runningLooks() : config.idleLooks();
    if (worker.vitals.missed(actions.beats(worker.id)) >= looks) {
      actions.frozen(worker.id);
      ladder.kill(worker, now);
      return;
    }
    if (stuck && now - worker.heardNanos >= config.pulseNanos()) {
      ladder.kill(worker, now);
      return;
    }
    if (config.limits().ofMemory()) {
      weigh(worker);
    }
    armPulse(worker, now);
  }

  void weigh(Worker<J> worker) {
    if (!worker.onScales) {
      worker.onScales = true;
      actions.weigh(worker.id);
    }
  }
}
