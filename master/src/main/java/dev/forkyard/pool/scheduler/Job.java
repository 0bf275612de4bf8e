package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * One job from its submission to its one outcome.
 *
 * @param <J> what the pool attaches to it
 */
public final class Job<J> {

  private final long id;
  private final J attachment;
  private final JobSpec spec;
  private JobState state = JobState.QUEUED;
  private int attempt = 1;
  private int unstartedDeaths;
  private long workerId;
  private boolean seen;
  private boolean askedToStop;
  private boolean lingers;
  private boolean neverStarted;

  /** It is what its worker is to do before all else. */
  boolean setUp;

  /** When it came, by the scheduler's clock. */
  long submittedNanos;

  /** When it was first seen to run in this attempt; it can't have started later. */
  long seenRunningNanos;

  /** The end of its rest, or when its run is looked at again, in a worker's slot. */
  Timers.@Nullable Timer timer;

  /** When it has waited too long for its first start. */
  Timers.@Nullable Timer expiry;

  /** It is one of its worker's first jobs, which run or are next to. */
  boolean inSlot;

  /** When it became one, or was last seen to run. */
  long stirredNanos;

  /** It was asked to end by itself in this attempt, so that its neighbours live. */
  boolean warned;

  /** Until when it may. */
  long graceEndsNanos;

  /** For which of its deadlines that was; null if nobody waits for it any more. */
  @Nullable Deadline overdue;

  /** Its neighbours in the queue; the queue's business alone. */
  @Nullable Job<J> previous;

  @Nullable Job<J> next;

  /** Since it was handed out last, another worker that idled had it taken back. */
  boolean takenBack;

  /** The queue that it is in, or was in last. */
  @Nullable JobQueue<J> queue;

  /** Its affinity, from the first time that a worker had that or got the job. */
  Waiting.@Nullable Key<J> key;

  Job(long id, J attachment, JobSpec spec) {
    this.id = id;
    this.attachment = attachment;
    this.spec = spec;
  }

  /** Never used twice. */
  public long id() {
    return id;
  }

  /**
   * This attempt of this job, in 62 bits, as scoreboards name it: the 56 low ones are the job's,
   * the others the attempt's, less one.
   */
  public long run() {
    return (long) ((attempt - 1) & 63) << 56 | (id & (1L << 56) - 1);
  }

  /** What the pool attached. */
  public J attachment() {
    return attachment;
  }

  /** What it asks for. */
  public JobSpec spec() {
    return spec;
  }

  /** 1 for the first run; a move to another worker before the start does not count. */
  public int attempt() {
    return attempt;
  }

  /** The worker that has or had it last; 0 if none ever had. */
  public long workerId() {
    return workerId;
  }

  /** Whether it was asked to stop in this attempt, at its soft deadline. */
  public boolean askedToStop() {
    return askedToStop;
  }

  void askToStop() {
    askedToStop = true;
  }

  /**
   * Whether it ended, other than by a reply or with its worker, while a worker had it; {@link
   * Actions#left} tells when that has it no longer.
   */
  public boolean lingers() {
    return lingers;
  }

  void linger() {
    lingers = true;
  }

  /** Whether it has ended and is known never to have run, in any attempt. */
  public boolean neverStarted() {
    return neverStarted;
  }

  JobState state() {
    return state;
  }

  /** Whether there is a limit to how long it may wait for its first start. */
  boolean mayExpire() {
    return spec.queueNanos() > 0 && attempt == 1;
  }

  boolean ended() {
    return state instanceof JobState.Ended;
  }

  boolean firstDequeue() {
    boolean first = !seen;
    seen = true;
    return first;
  }

  /** Counts a worker that died before it started the job. */
  int bereaved() {
    return ++unstartedDeaths;
  }

  /** The worker that had it, if any, did not start it. */
  void returnedUnstarted() {
    neverStarted = attempt == 1;
  }

  void retry() {
    attempt++;
  }

  /** Its worker runs it. */
  void seenToRun(long now) {
    if (state instanceof JobState.Assigned) {
      seenRunningNanos = now;
      become(new JobState.Running(workerId));
    }
  }

  void become(JobState next) {
    if (!state.allows(next)) {
      throw new IllegalStateException("job " + id + " can't go from " + state + " to " + next);
    }
    if (state instanceof JobState.Queued && next instanceof JobState.Ended) {
      returnedUnstarted();
    }
    state = next;
    if (next instanceof JobState.Assigned assigned) {
      workerId = assigned.workerId();
      askedToStop = false;
      inSlot = false;
      warned = false;
      overdue = null;
    }
  }
}
