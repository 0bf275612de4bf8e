package dev.forkyard.pool.scheduler;

import dev.forkyard.pool.scheduler.WorkerState.Draining;
import dev.forkyard.pool.scheduler.WorkerState.Ready;
import dev.forkyard.pool.scheduler.WorkerState.Starting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Owns all state of a pool: its jobs, its queue, its workers and every deadline.
 *
 * <p>What happened comes in as a method call, with the time; what should be done goes out through
 * {@link Actions}. Events only note what is the case. After a batch of them {@link #settle}
 * compares what should be with what is and closes the gap: jobs to hand out, workers to launch,
 * jobs to take back, an end to reach.
 *
 * <p>A worker's line holds its jobs in the order in which it got them, and it starts them in that
 * order, as many at once as it has slots. So its scoreboard, which names one job a slot, tells of
 * each job in the line whether it runs (named so), has ended (before the furthest that is named),
 * or has not started (behind that). A kill that is meant for a job first condemns its slot, by a
 * compare-and-set against the worker's own; where that fails the job has ended and nobody is hit.
 * Where others run beside it, it is first asked to end by itself. A worker is dead when its process
 * has exited and its socket was read to its end; only then are its jobs judged.
 *
 * @param <J> what the pool attaches to a job
 */
public final class Scheduler<J> {

  /** A worker that dies within this time of being ready, without a job, counts as a failed boot. */
  private static final long INFANCY_NANOS = 1_000_000_000L;

  private final SchedulerConfig config;
  private final Actions<J> actions;
  private final Timers timers = new Timers();
  private final Crew<J> crew = new Crew<>();
  private final Waiting<J> waiting;
  private final Jobs<J> jobs;
  private final Ladder<J> ladder;
  private final Watch<J> watch;
  private final Judge<J> judge;
  private final Dispatch<J> dispatch;
  private final Supervision supervision;
  private final Rotation<J> rotation;
  private final Reload reload = new Reload();
  private final Budget<J> budget;

  private int minWorkers;
  private int maxWorkers;
  private long lastWorkerId;
  private long runNanosAverage = -1;
  private boolean closing;
  private boolean terminated;
  private boolean broken;

  /** When it is looked again for workers that have idled for too long. */
  private Timers.@Nullable Timer idleLook;

  /** How many are on their way out that never showed that they work. */
  private int infantsLeaving;

  private long dropped;
  private long lost;

  /** Makes a scheduler that starts its workers at the first {@link #settle}. */
  public Scheduler(SchedulerConfig config, Actions<J> actions) {
    this.config = config;
    this.actions = actions;
    this.supervision = new Supervision(config);
    this.waiting = new Waiting<>(crew, config);
    this.jobs = new Jobs<>(actions, timers, new Backoff(config.seed()), waiting, this::expire);
    this.dispatch = new Dispatch<>(config, actions, waiting, crew);
    this.judge = new Judge<>(actions, jobs);
    this.rotation = new Rotation<>(config);
    this.budget = new Budget<>(config.limits());
    this.ladder = new Ladder<>(config, actions, timers, crew, jobs, rotation, new Ends());
    this.watch = new Watch<>(config, actions, timers, jobs, ladder);
    this.minWorkers = config.minWorkers();
    this.maxWorkers = config.maxWorkers();
  }

  // What callers ask for.

  /** Takes a job, which from now on ends exactly once; its id must never have been used before. */
  public Job<J> submit(long jobId, J attachment, JobSpec spec, long now) {
    return submit(new Job<>(jobId, attachment, spec), closing, now);
  }

  /**
   * As {@link #submit}: what a worker that was just launched is to do before all else. It does so
   * for the sake of jobs that were accepted, so also where no others are taken any more; and it is
   * no reason to launch another one.
   */
  public Job<J> submitSetUp(long jobId, J attachment, JobSpec spec, long now) {
    Job<J> job = new Job<>(jobId, attachment, spec);
    job.setUp = true;
    return submit(job, over(), now);
  }

  private Job<J> submit(Job<J> job, boolean refused, long now) {
    if (refused || broken) {
      jobs.refuse(job, broken ? new Outcome.Broken() : new Outcome.Refused());
    } else {
      jobs.add(job, now);
    }
    return job;
  }

  /** One that waits ends; one that waits behind others in a worker's hands is asked back first. */
  private void expire(Job<J> job, long now) {
    if (job.state() instanceof JobState.Queued) {
      jobs.endQueued(job, new Outcome.Expired());
      return;
    }
    Worker<J> worker = crew.find(job.workerId());
    if (worker != null && !worker.doomed() && worker.find(job.id()) == job) {
      watch.recall(worker, new long[] {job.id()}, now);
    }
  }

  /** Ends the job at once, and stops it if it runs; does nothing if it has ended. */
  public void cancel(Job<J> job, long now) {
    if (job.ended()) {
      return;
    }
    if (jobs.endWaiting(job, new Outcome.Cancelled())) {
      return;
    }
    Worker<J> worker = crew.find(job.workerId());
    jobs.stopWaiting(job);
    jobs.endInHands(job, new Outcome.Cancelled());
    if (worker != null && !worker.doomed()) {
      watch.stopOnWorker(worker, job, now);
    }
  }

  /** Replaces all workers that there are, one after the other, each between two jobs. */
  public void recycle(long now) {
    crew.all().forEach(this::makeDue);
  }

  /**
   * Changes how many workers live. Missing ones are launched; those too many go, the ones that boot
   * first, then those that idle, and then those that are busy, when their jobs are done.
   */
  public void resize(int least, int most, long now) {
    minWorkers = least;
    maxWorkers = most;
    for (Worker<J> worker : crew.all()) {
      keep(worker, true);
    }
  }

  /** After a resize, or where one more is there and none is to be replaced any more. */
  private void trim(long now) {
    int tooMany = crew.useful() - maxWorkers - oneMore();
    if (tooMany <= 0 || closing) {
      return;
    }
    List<Worker<J>> all = crew.all();
    all.sort(
        Comparator.<Worker<J>, Boolean>comparing(worker -> worker.state() instanceof Starting)
            .thenComparing(worker -> worker.spent() || worker.due())
            .thenComparing(worker -> -worker.load())
            .reversed());
    for (Worker<J> worker : all) {
      if (tooMany > 0 && worker.state() instanceof Starting) {
        worker.dismissed = true;
        ladder.kill(worker, now);
        tooMany--;
      } else if (tooMany > 0 && worker.available() && !worker.surplus) {
        keep(worker, false);
        tooMany--;
      }
    }
  }

  /** How many there may be beyond those that should be: one that replaces, or is on trial. */
  private int oneMore() {
    boolean onTrial = reload.wantsProof() && !reload.wantsTrial();
    return wantsOneMore() || onTrial ? 1 : 0;
  }

  /** Where there are more than should be, those go that have idled for too long. */
  private void shrink(long now) {
    if (config.idleNanos() > 0 && idleLook == null && !closing && tooManyForTheJobs() > 0) {
      idleLook = timers.at(now + config.idleNanos(), this::lookAtIdle);
    }
  }

  private long tooManyForTheJobs() {
    return crew.useful() - wanted() - oneMore();
  }

  private void lookAtIdle(long now) {
    idleLook = null;
    List<Worker<J>> idle = crew.all();
    idle.removeIf(worker -> !(worker.state() instanceof Ready) || worker.surplus);
    idle.sort(Comparator.comparingLong(worker -> worker.idleSinceNanos - now));
    for (Worker<J> worker : idle) {
      long goes = worker.idleSinceNanos + config.idleNanos();
      if (closing || tooManyForTheJobs() <= 0) {
        return;
      } else if (goes - now > 0) {
        idleLook = timers.at(goes, this::lookAtIdle);
        return;
      }
      keep(worker, false);
    }
  }

  private void keep(Worker<J> worker, boolean kept) {
    crew.setSurplus(worker, !kept);
    rotation.look(worker);
  }

  /**
   * Replaces all workers by those of a new generation, one after the other, each between two jobs.
   * A first new one must be ready before any old one goes; if one of them does not boot, until the
   * last old one is gone, those of the old generation are launched again and the new ones replaced.
   *
   * @return the generation's number; 0 where another reload is under way, or no worker is launched
   *     any more
   */
  public int reload(long now) {
    return reload.underWay() || closing || broken ? 0 : reload.begin();
  }

  private void makeDue(Worker<J> worker) {
    if (worker.available()) {
      worker.overdue = true;
      rotation.look(worker);
    }
  }

  /** Takes no more jobs; those accepted are done, then the workers drain. */
  public void close(long now) {
    closing = true;
  }

  /** Takes no more jobs, cancels those accepted and kills all workers. */
  public void shutdownNow(long now) {
    closing = true;
    jobs.endAllQueued(new Outcome.Cancelled());
    for (Worker<J> worker : crew.all()) {
      for (Job<J> job : worker.line) {
        if (!job.ended()) {
          jobs.stopWaiting(job);
          jobs.endInHands(job, new Outcome.Cancelled());
        }
      }
      ladder.kill(worker, now);
    }
  }

  // What workers do.

  /** The worker's greeting was accepted: from now on its socket must be read to its end. */
  public void greeted(long workerId, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker == null) {
      return;
    }
    worker.greeted = true;
    worker.socketEnded = false;
    if (worker.state() instanceof Starting) {
      if (config.limits().ofMemory()) {
        watch.weigh(worker);
      } else {
        makeReady(worker, now);
      }
    }
  }

  private void makeReady(Worker<J> worker, long now) {
    supervision.booted();
    worker.proven = true;
    worker.readyNanos = now;
    worker.idleSinceNanos = now;
    ladder.leaveState(worker);
    crew.become(worker, new Ready());
    crew.allow(worker, rotation.quota(), false);
    actions.ready(worker.id);
    if (reload.wantsProof() && reload.isOnTrial(worker.generation)) {
      reload.prove();
      lookAtGenerations();
    }
    lookAtGeneration(worker);
    watch.armPulse(worker, now);
    long age = rotation.ageNanos();
    if (age > 0) {
      worker.age = timers.at(now + age, at -> makeDue(worker));
    }
  }

  private void lookAtGenerations() {
    crew.all().forEach(this::lookAtGeneration);
  }

  private void lookAtGeneration(Worker<J> worker) {
    worker.outdated = worker.generation != reload.current();
    if (rotation.chose(worker) && !worker.due()) {
      crew.allow(worker, worker.quota, false);
    }
    rotation.look(worker);
  }

  /**
   * How much memory a worker holds, as was asked; 0 where that is not known. One that holds too
   * much before it had any job did not boot: each that follows would do the same.
   */
  public void weighed(long workerId, long bytes, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker == null) {
      return;
    }
    worker.onScales = false;
    if (bytes > 0) {
      budget.weighed(worker, bytes);
    }
    if (config.limits().exceededBy(bytes)) {
      makeDue(worker);
    }
    if (worker.state() instanceof Starting && worker.greeted) {
      if (config.limits().exceededByFresh(bytes)) {
        worker.overweight = true;
        actions.overweight(workerId, bytes);
        failedToBoot(worker, now);
        ladder.kill(worker, now);
      } else {
        makeReady(worker, now);
      }
    }
  }

  /**
   * The worker answered for a job; an answer for a job that it does not have is dropped and
   * counted.
   *
   * @return false if it was dropped
   */
  public boolean replied(
      long workerId, long jobId, boolean ok, long runNanos, Object reply, long now) {
    Worker<J> worker = crew.find(workerId);
    Job<J> job = worker == null ? null : worker.find(jobId);
    if (worker == null || job == null || ladder.isCondemned(worker, job)) {
      dropped++;
      return false;
    }
    crew.take(worker, job);
    if (worker.spent()) {
      rotation.look(worker);
    }
    worker.replied.add(job.run());
    if (worker.replied.isFull()) {
      worker.replied.keepThose(actions.progress(worker.id));
    }
    worker.answered++;
    supervision.proved();
    measure(runNanos);
    jobs.stopWaiting(job);
    if (!job.ended()) {
      boolean again =
          !ok && jobs.mayRetry(job) && !job.askedToStop() && actions.wantsRetry(job, reply);
      if (job.overdue != null) {
        jobs.end(job, new Outcome.TimedOut(job.overdue, null, runNanos));
      } else if (again) {
        jobs.retry(job, false, runNanos, now);
      } else {
        jobs.end(job, new Outcome.Replied(ok, reply));
      }
    } else {
      jobs.left(job);
    }
    if (job.inSlot) {
      watch.over(worker, now);
    }
    return true;
  }

  /**
   * The worker gives these jobs back, unstarted, in answer to the oldest recall.
   *
   * @return false if it names others than were recalled, for which it is killed
   */
  public boolean returned(long workerId, long[] jobIds, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker == null) {
      return true;
    }
    long[] recalled = worker.recalls.pollFirst();
    if (recalled == null || !containsAll(recalled, jobIds)) {
      ladder.kill(worker, now);
      return false;
    }
    watch.recallAnswered(worker);
    boolean wasInSlot = false;
    for (int i = jobIds.length - 1; i >= 0; i--) {
      Job<J> job = worker.find(jobIds[i]);
      if (job == null || ladder.isCondemned(worker, job)) {
        dropped++;
      } else {
        wasInSlot |= job.inSlot;
        crew.take(worker, job);
        refund(worker, job);
        job.takenBack = true;
        jobs.giveBack(job);
      }
    }
    rotation.look(worker);
    if (wasInSlot) {
      watch.over(worker, now);
    }
    return true;
  }

  /** A job that it gives back does not count. */
  private void refund(Worker<J> worker, Job<J> job) {
    if (config.limits().jobs() > 0 && job.spec().workerId() == 0) {
      crew.allow(worker, worker.quota + 1, worker.retired);
    }
  }

  private static boolean containsAll(long[] sorted, long[] jobIds) {
    for (long jobId : jobIds) {
      if (Arrays.binarySearch(sorted, jobId) < 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * The thread dump that was asked for when the job was condemned.
   *
   * @return false if none was
   */
  public boolean dumped(long workerId, long jobId, String text, long now) {
    Worker<J> worker = crew.find(workerId);
    return worker != null && ladder.dumped(worker, jobId, text, now);
  }

  /**
   * Part of something large came from the worker, or was taken by it. That may last, and a worker
   * that is slow is not stuck.
   */
  public void heard(long workerId, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker != null) {
      worker.heardNanos = now;
    }
  }

  /** The worker says that it is about to end. */
  public void leaving(long workerId, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker != null && worker.available()) {
      ladder.drainOrKill(worker, now);
    }
  }

  /** The worker broke the protocol, or can't be trusted any more for another reason. */
  public void misbehaved(long workerId, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker != null) {
      ladder.kill(worker, now);
    }
  }

  /**
   * The worker's process has ended, or never started: one half of its death.
   *
   * @param killedFromOutside whether someone else than the pool ended it by a signal
   * @param cause what it ended of by itself, which is the same text where it is the same cause;
   *     null if it did not or that is not known
   */
  public void exited(long workerId, boolean killedFromOutside, @Nullable String cause, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker != null) {
      worker.exited = true;
      worker.killedFromOutside = killedFromOutside;
      worker.cause = cause;
      ladder.halfDead(worker, now);
    }
  }

  /** The worker's socket was read to its end: the other half of its death. */
  public void disconnected(long workerId, long now) {
    Worker<J> worker = crew.find(workerId);
    if (worker == null) {
      return;
    }
    worker.socketEnded = true;
    if (worker.exited) {
      ladder.halfDead(worker, now);
    } else if (!(worker.state() instanceof Draining)) {
      ladder.kill(worker, now);
    }
  }

  // What time does, and what should be.

  /**
   * Fires what is due and closes the gap between what should be and what is. To be called after
   * each batch of events and whenever the time it answered with has passed.
   *
   * @return in how many nanoseconds it wants to be called again at the latest; {@link
   *     Long#MAX_VALUE}: never
   */
  public long settle(long now) {
    timers.fire(now);
    breakIfHopeless();
    endReload();
    assign(now);
    takeBack(now);
    trim(now);
    shed();
    rotate(now);
    long nextLaunch = launchMissing(now);
    shrink(now);
    finish(now);
    return Math.min(nextLaunch, timers.nanosUntilNext(now));
  }

  private void breakIfHopeless() {
    if (supervision.hopeless() && crew.leastLoaded() == null) {
      broken = true;
    }
    if (broken) {
      jobs.endAllQueued(new Outcome.Broken());
    }
  }

  private void assign(long now) {
    jobs.endGone();
    dispatch.begin(depth());
    while (!budget.exceeded()) {
      Job<J> job = dispatch.next();
      Worker<J> worker = dispatch.worker();
      if (job == null || worker == null) {
        return;
      }
      boolean free = worker.hasFreeSlot();
      jobs.handOut(job);
      job.become(worker.assigned);
      crew.put(worker, job);
      if (worker.spent()) {
        rotation.look(worker);
        // What waits for it has its turn before others of the same keys, which any may have now.
        jobs.endGone();
      }
      actions.run(worker.id, job);
      if (free) {
        watch.over(worker, now);
      }
    }
  }

  /** How many jobs a worker may hold: many short ones, but nothing behind a long one. */
  private int depth() {
    if (runNanosAverage < 0) {
      return config.slots();
    }
    long more = config.slots() * config.prefetchNanos() / (runNanosAverage + 1);
    return config.slots() + (int) Math.min(config.maxPrefetch(), more);
  }

  private void measure(long runNanos) {
    long bounded = Math.max(0, Math.min(runNanos, 3_600_000_000_000L));
    runNanosAverage =
        runNanosAverage < 0 ? bounded : runNanosAverage + (bounded - runNanosAverage) / 8;
  }

  /** While a worker has a free slot, no other may sit on jobs that it has not started. */
  private void takeBack(long now) {
    Worker<J> idle = crew.leastLoaded();
    Worker<J> victim = crew.mostLoadedNotAsked();
    if (jobs.noneWaits()
        && !budget.exceeded()
        && idle != null
        && idle.hasFreeSlot()
        && victim != null) {
      int count = (victim.loose() + 1) / 2;
      long[] ids = new long[count];
      Iterator<Job<J>> fromTail = victim.line.descendingIterator();
      for (int i = count - 1; i >= 0; ) {
        Job<J> job = fromTail.next();
        if (!job.spec().tied()) {
          ids[i--] = job.id();
        }
      }
      watch.recall(victim, ids, now);
      // Should it not answer soon, the gap is looked at again and the next one is asked.
      timers.at(now + Watch.RECHECK_NANOS, at -> {});
    }
  }

  private long launchMissing(long now) {
    long wanted = wanted();
    while (!broken) {
      boolean room = crew.size() == 0 || budget.hasRoom(crew.starting());
      boolean trial = (crew.useful() >= wanted || !room) && wantsTrial();
      boolean more = wantsOneMore() && roomForOneMore();
      if (!trial && crew.useful() >= wanted + (more ? 1 : 0)) {
        break;
      }
      // One on trial is one more for a while, or it would never have its turn.
      if (!trial && !room) {
        break;
      }
      long pause = supervision.pauseNanos(now);
      if (pause > 0) {
        return pause;
      } else if (infantsLeaving > 0) {
        // How long the pause is depends on what they ended of.
        return Long.MAX_VALUE;
      }
      launch(trial ? reload.candidate() : reload.current(), now);
    }
    return Long.MAX_VALUE;
  }

  /** How many workers there should be for the jobs that there are. */
  private long wanted() {
    long least = closing ? 0 : minWorkers;
    long spare = closing ? 0 : config.spareWorkers();
    long forJobs = (jobs.pending() - jobs.setUps() + config.slots() - 1) / config.slots();
    return Math.max(least, Math.min(forJobs + spare, maxWorkers));
  }

  /** Whether another is to be ready before one goes. */
  private boolean wantsOneMore() {
    return !over() && rotation.wantsOneMore();
  }

  /** Closed, and no job is left for which a worker would be needed. */
  private boolean over() {
    return closing && jobs.pending() == 0;
  }

  private boolean wantsTrial() {
    return !closing && reload.wantsTrial() && roomForOneMore();
  }

  /** Those on their way out count too, so that there is never more than one process more. */
  private boolean roomForOneMore() {
    return crew.size() <= maxWorkers;
  }

  private void endReload() {
    if (reload.underWay() && (closing || broken)) {
      rollBack(0);
    } else if (reload.done()) {
      reload.accept();
      actions.reloaded();
    }
  }

  private void rollBack(long workerId) {
    reload.rollBack();
    lookAtGenerations();
    actions.rolledBack(workerId);
  }

  /** When the replacement is ready, one of those that are due goes. */
  private void rotate(long now) {
    for (Worker<J> one = rotation.nextParting(); one != null; one = rotation.nextParting()) {
      ladder.dismiss(one, now);
    }
    boolean noRoom = !budget.hasRoom(crew.starting());
    if (!wantsOneMore() || (crew.available() <= wanted() && !noRoom)) {
      return;
    }
    if (rotation.next() == null && (crew.takers() >= wanted() || noRoom)) {
      Worker<J> chosen = rotation.choose();
      if (chosen != null) {
        retire(chosen, true);
        timers.at(now + config.lookNanos(), at -> lookAtChosen(chosen, at));
      }
    }
    Worker<J> next = rotation.next();
    if (next != null) {
      rotation.leaves(next);
      ladder.dismiss(next, now);
    }
  }

  /** Jobs are held back, so those that run come to their end; then the largest goes. */
  private void shed() {
    Worker<J> largest = budget.exceeded() && rotation.isIdle() ? budget.largest() : null;
    if (largest != null) {
      makeDue(largest);
    }
  }

  private void retire(Worker<J> worker, boolean retired) {
    crew.allow(worker, worker.quota, retired);
    rotation.look(worker);
  }

  /** One whose jobs do not end makes room for another that is due, and gets jobs again. */
  private void lookAtChosen(Worker<J> worker, long now) {
    if (rotation.holdsUp(worker)) {
      retire(worker, false);
    } else if (rotation.chose(worker)) {
      timers.at(now + config.lookNanos(), at -> lookAtChosen(worker, at));
    }
  }

  private void launch(int generation, long now) {
    long id = ++lastWorkerId;
    Timers.Timer deadline =
        timers.at(
            now + config.bootNanos(),
            at -> {
              Worker<J> late = crew.find(id);
              if (late != null) {
                ladder.kill(late, at);
              }
            });
    crew.add(new Worker<>(id, generation, config.slots(), now, new Starting(deadline)));
    reload.launched(generation);
    actions.launch(id, generation);
  }

  private void finish(long now) {
    if (!closing || terminated) {
      return;
    }
    for (Worker<J> worker : crew.all()) {
      if (worker.state() instanceof Ready && jobs.noneWaits() && crew.useful() > jobs.pending()) {
        ladder.dismiss(worker, now);
      } else if (worker.state() instanceof Starting && over()) {
        ladder.kill(worker, now);
      }
    }
    if (over() && crew.size() == 0) {
      terminated = true;
      actions.terminated();
    }
  }

  // The end of a worker.

  private final class Ends implements Ladder.Ends<J> {

    @Override
    public void begins(Worker<J> worker, long now) {
      lookWhetherInfant(worker, now);
    }

    @Override
    public void reached(Worker<J> worker, long now) {
      bury(worker, now);
    }
  }

  /** When its end begins: whether that counts as a failed boot. */
  private void lookWhetherInfant(Worker<J> worker, long now) {
    boolean young =
        !worker.proven || (!worker.everAssigned && now - worker.readyNanos < INFANCY_NANOS);
    boolean unasked = !over() && !worker.dismissed && !worker.overweight;
    if (young && unasked && !worker.doomed()) {
      worker.leavesAsInfant = true;
      infantsLeaving++;
    }
  }

  private void bury(Worker<J> worker, long now) {
    boolean over = over();
    lookWhetherInfant(worker, now);
    ladder.completeCondemned(worker, null);
    if (worker.state() instanceof Draining && worker.line.isEmpty()) {
      worker.asked = true;
    }
    ladder.leaveState(worker);
    crew.become(worker, new WorkerState.Dead());
    rotation.gone(worker);
    budget.forget(worker);
    judge.judge(worker, now);
    boolean unasked = !worker.asked && !worker.dismissed && !over;
    if (unasked) {
      lost++;
    }
    reload.gone(worker.generation);
    if (worker.leavesAsInfant) {
      infantsLeaving--;
      if (!over) {
        failedToBoot(worker, now);
      }
    }
    actions.forget(worker.id, unasked);
  }

  /** That one of another generation does so says nothing of those that are launched now. */
  private void failedToBoot(Worker<J> worker, long now) {
    if (reload.isOnTrial(worker.generation)) {
      rollBack(worker.id);
    } else if (worker.generation == reload.current()) {
      supervision.failed(worker.killedFromOutside, causeOfFailedBoot(worker), now);
    }
  }

  private static @Nullable String causeOfFailedBoot(Worker<?> worker) {
    if (worker.overweight) {
      return "memory";
    }
    return worker.proven ? null : worker.cause;
  }

  // What can be asked.

  /** The counters now. */
  public Counts counts() {
    long running = 0;
    for (Worker<J> worker : crew.all()) {
      for (Job<J> job : worker.inSlots()) {
        running += job.ended() ? 0 : 1;
      }
    }
    return jobs.counts(running, dropped, crew.size(), lastWorkerId, lost);
  }

  /** The workers alive, oldest first. */
  public List<WorkerView> workers() {
    List<WorkerView> views = new ArrayList<>();
    for (Worker<J> worker : crew.all()) {
      views.add(WorkerView.of(worker));
    }
    return views;
  }

  /**
   * Whether another job would wait, as far as can be told: no worker has room for it, and none is
   * launched for it either. That changes by what happens to workers, or by time, alone.
   */
  public boolean full() {
    Worker<J> least = crew.leastLoaded();
    return least != null && least.load() >= depth() && crew.useful() >= maxWorkers;
  }

  /** How many keys of affinity are remembered. */
  int keys() {
    return waiting.keys();
  }

  /** Whether no worker boots any more, so that every job ends as {@link Outcome.Broken}. */
  public boolean broken() {
    return broken;
  }
}
