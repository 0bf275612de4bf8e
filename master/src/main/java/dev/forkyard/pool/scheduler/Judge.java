package dev.forkyard.pool.scheduler;

import java.util.ArrayList;
import java.util.List;

/** Decides what becomes of the jobs in a dead worker's hands, by its scoreboard. */
final class Judge<J> {

  /**
   * A job whose workers die this often before they start it is given up, so that it ends at some
   * time.
   */
  private static final int MAX_UNSTARTED_DEATHS = 100;

  private final Actions<J> actions;
  private final Jobs<J> jobs;

  Judge(Actions<J> actions, Jobs<J> jobs) {
    this.actions = actions;
    this.jobs = jobs;
  }

  /**
   * Each job in the dead worker's hands goes where its scoreboard says: ended, running, or not
   * started. Jobs start in the order of the line, so one before another that has started, and of
   * which no slot speaks any more, has ended. (Or it was given back, and the answer was never read:
   * that can't be told apart, and it may not run again.)
   */
  void judge(Worker<J> worker, long now) {
    List<Job<J>> line = new ArrayList<>(worker.line);
    worker.line.clear();
    List<Progress> slots = actions.progress(worker.id);
    int furthest = -1;
    boolean unknown = false;
    for (Progress slot : slots) {
      int at = find(slot, line);
      furthest = Math.max(furthest, at);
      boolean replied = slot.state() == Progress.State.NONE || worker.replied.contains(slot.run());
      unknown |= at < 0 && !replied;
    }
    for (int i = line.size() - 1; i >= 0; i--) {
      Job<J> job = line.get(i);
      Progress slot = Progress.of(job, slots);
      boolean ran = slot.state() != Progress.State.NONE && slot.state() != Progress.State.ENDED;
      if (unknown || ran) {
        loseRunning(job, ran ? Ladder.ranNanos(worker, slot, now) : 0, now);
      } else if (i <= furthest) {
        loseReply(job);
      } else {
        loseUnstarted(job);
      }
    }
  }

  private static <T> int find(Progress slot, List<Job<T>> line) {
    for (int i = 0; i < line.size(); i++) {
      if (slot.reached(line.get(i))) {
        return i;
      }
    }
    return -1;
  }

  private void loseUnstarted(Job<J> job) {
    if (!job.ended() && job.bereaved() > MAX_UNSTARTED_DEATHS) {
      jobs.stopWaiting(job);
      jobs.end(job, new Outcome.Lost(false, 0));
    } else {
      jobs.giveBack(job);
    }
  }

  /** The job was running when its worker died, or may have been. */
  private void loseRunning(Job<J> job, long ranNanos, long now) {
    jobs.stopWaiting(job);
    if (job.ended()) {
      jobs.left(job);
    } else if (job.spec().retryLost() && jobs.mayRetry(job)) {
      jobs.retry(job, true, ranNanos, now);
    } else {
      jobs.end(job, new Outcome.Lost(false, ranNanos));
    }
  }

  private void loseReply(Job<J> job) {
    jobs.stopWaiting(job);
    if (job.ended()) {
      jobs.left(job);
    } else {
      jobs.end(job, new Outcome.Lost(true, 0));
    }
  }
}
