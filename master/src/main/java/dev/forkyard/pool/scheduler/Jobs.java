package dev.forkyard.pool.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.ObjLongConsumer;

/** The jobs that were accepted: those that wait, their retries, and how each ended; counted. */
final class Jobs<J> {

  private final Actions<J> actions;
  private final Timers timers;
  private final Backoff backoff;
  private final Waiting<J> waiting;
  private final ObjLongConsumer<Job<J>> expire;

  /** Those that wait for the end of a pause before they run again. */
  private final Set<Job<J>> resting = new LinkedHashSet<>();

  private long submitted;
  private long setUps;
  private long succeeded;
  private long failed;
  private long cancelled;
  private long retried;

  /**
   * Of none so far.
   *
   * @param expire is told of each that has waited too long for its first start
   */
  Jobs(
      Actions<J> actions,
      Timers timers,
      Backoff backoff,
      Waiting<J> waiting,
      ObjLongConsumer<Job<J>> expire) {
    this.expire = expire;
    this.waiting = waiting;
    this.actions = actions;
    this.timers = timers;
    this.backoff = backoff;
  }

  void refuse(Job<J> job, Outcome outcome) {
    count(job);
    actions.dequeued(job);
    job.firstDequeue();
    end(job, outcome);
  }

  void add(Job<J> job, long now) {
    job.submittedNanos = now;
    if (!waiting.addLast(job)) {
      refuse(job, new Outcome.Gone());
      return;
    }
    count(job);
    watchExpiry(job);
  }

  private void count(Job<J> job) {
    submitted++;
    setUps += job.setUp ? 1 : 0;
  }

  private void watchExpiry(Job<J> job) {
    if (job.mayExpire() && job.expiry == null && !job.ended()) {
      long at = job.submittedNanos + job.spec().queueNanos();
      job.expiry = timers.at(at, then -> expire(job, then));
    }
  }

  private void expire(Job<J> job, long now) {
    job.expiry = null;
    expire.accept(job, now);
  }

  /** Whether none waits that any worker may have. */
  boolean noneWaits() {
    return waiting.isEmpty();
  }

  /** Ends those that were for one worker alone, which is gone. */
  void endGone() {
    if (!waiting.ties().isEmpty()) {
      for (Job<J> job : waiting.untie()) {
        hasLeftQueue(job);
        end(job, new Outcome.Gone());
      }
    }
  }

  /** How many have not ended. */
  long pending() {
    return submitted - succeeded - failed - cancelled;
  }

  /** How many of them are what a new worker is to do before all else. */
  long setUps() {
    return setUps;
  }

  Counts counts(long running, long dropped, int workers, long started, long lost) {
    return new Counts(
        submitted,
        pending() - running,
        running,
        succeeded,
        failed,
        cancelled,
        retried,
        dropped,
        workers,
        started,
        lost);
  }

  /** Ends the job if no worker has it, and tells whether that is so. */
  boolean endWaiting(Job<J> job, Outcome outcome) {
    if (job.state() instanceof JobState.Queued) {
      endQueued(job, outcome);
      return true;
    } else if (resting.remove(job)) {
      stopWaiting(job);
      end(job, outcome);
      return true;
    }
    return false;
  }

  void endAllQueued(Outcome outcome) {
    for (Job<J> job = waiting.any(); job != null; job = waiting.any()) {
      endQueued(job, outcome);
    }
    for (Job<J> job : resting) {
      stopWaiting(job);
      end(job, outcome);
    }
    resting.clear();
  }

  void endQueued(Job<J> job, Outcome outcome) {
    leaveQueue(job);
    end(job, outcome);
  }

  /** Takes the next one out, for a worker. */
  void handOut(Job<J> job) {
    queue(job).take(job);
    hasLeftQueue(job);
  }

  private void leaveQueue(Job<J> job) {
    queue(job).remove(job);
    hasLeftQueue(job);
  }

  private static <T> JobQueue<T> queue(Job<T> job) {
    JobQueue<T> queue = job.queue;
    if (queue == null) {
      throw new IllegalStateException("job " + job.id() + " was never queued");
    }
    return queue;
  }

  private void hasLeftQueue(Job<J> job) {
    if (job.firstDequeue()) {
      actions.dequeued(job);
    }
  }

  /** It starts, ends, or is not in a slot any more. */
  void stopWaiting(Job<J> job) {
    timers.cancel(job.timer);
    job.timer = null;
    stopExpiring(job);
  }

  /** It is next to start, or has ended. */
  void stopExpiring(Job<J> job) {
    if (job.expiry != null) {
      timers.cancel(job.expiry);
      job.expiry = null;
    }
  }

  void end(Job<J> job, Outcome outcome) {
    stopExpiring(job);
    job.become(new JobState.Ended(outcome));
    waiting.release(job);
    setUps -= job.setUp ? 1 : 0;
    if (outcome instanceof Outcome.Cancelled) {
      cancelled++;
    } else if (outcome instanceof Outcome.Replied replied && replied.ok()) {
      succeeded++;
    } else {
      failed++;
    }
    actions.complete(job, outcome);
  }

  /** Ends a job that a worker has, and goes on to have until {@link #left}. */
  void endInHands(Job<J> job, Outcome outcome) {
    job.linger();
    end(job, outcome);
  }

  /** A worker has the job, which had ended, no longer. */
  void left(Job<J> job) {
    if (job.lingers()) {
      actions.left(job);
    }
  }

  /** A job that was in a worker's hands and did not start goes on as if nothing had been. */
  void giveBack(Job<J> job) {
    timers.cancel(job.timer);
    job.timer = null;
    if (job.ended()) {
      job.returnedUnstarted();
      left(job);
    } else {
      job.become(JobState.QUEUED);
      addFirst(job);
      watchExpiry(job);
    }
  }

  private void addFirst(Job<J> job) {
    if (!waiting.addFirst(job)) {
      end(job, new Outcome.Gone());
    }
  }

  static boolean mayRetry(Job<?> job) {
    return job.attempt() <= job.spec().retries();
  }

  void retry(Job<J> job, boolean lost, long ranNanos, long now) {
    JobSpec spec = job.spec();
    long pause = backoff.pauseNanos(spec.backoffNanos(), spec.maxBackoffNanos(), job.attempt() - 1);
    actions.retrying(job, lost, ranNanos, pause);
    job.retry();
    retried++;
    job.become(new JobState.Resting());
    if (pause > 0) {
      resting.add(job);
      job.timer = timers.at(now + pause, at -> endRest(job));
    } else {
      endRest(job);
    }
  }

  private void endRest(Job<J> job) {
    job.timer = null;
    resting.remove(job);
    job.become(JobState.QUEUED);
    addFirst(job);
  }
}
