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
   * started.
   */
  void judge(Worker<J> worker, long now) {
    List<Job<J>> line = new ArrayList<>(worker.line);
    worker.line.clear();
    Progress progress = actions.progress(worker.id);
    int at = -1;
    for (int i = 0; i < line.size(); i++) {
      if (progress.reached(line.get(i))) {
        at = i;
      }
    }
    boolean noneStarted =
        at < 0 && (progress.state() == Progress.State.NONE || progress.run() == worker.lastReplied);
    boolean unknown = at < 0 && !noneStarted;
    for (int i = line.size() - 1; i >= 0; i--) {
      Job<J> job = line.get(i);
      if (unknown || (i == at && progress.state() != Progress.State.ENDED)) {
        loseRunning(job, i == at ? Scheduler.ranNanos(worker, progress, now) : 0, now);
      } else if (i <= at) {
        loseReply(job);
      } else {
        loseUnstarted(job);
      }
    }
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
