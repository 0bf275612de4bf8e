package dev.forkyard.benchmarks.scheduling;

import dev.forkyard.pool.scheduler.JobSpec;
import dev.forkyard.pool.scheduler.Limits;
import dev.forkyard.pool.scheduler.Scheduler;
import dev.forkyard.pool.scheduler.SchedulerConfig;

/**
 * A scheduler with so many workers and so many jobs that wait, which stay as many: for each job
 * that comes one is answered.
 */
public final class BusyScheduler {

  private static final int PREFETCH = 511;
  private static final long BOOT_NANOS = 30_000_000_000L;
  private static final long STEP_NANOS = 1_000;
  private static final JobSpec SPEC = JobSpec.PLAIN;

  private final AnsweringWorkers answers = new AnsweringWorkers();
  private final Scheduler<Object> scheduler;
  private long now = 1;
  private long lastJobId;

  /** Boots the workers and fills the queue. */
  public BusyScheduler(int workers, int queued) {
    scheduler =
        new Scheduler<>(
            SchedulerConfig.of(
                workers,
                workers,
                0,
                0,
                1,
                PREFETCH,
                BOOT_NANOS,
                BOOT_NANOS,
                BOOT_NANOS,
                Limits.NONE,
                1),
            answers);
    scheduler.settle(now);
    for (long worker = 1; worker <= workers; worker++) {
      scheduler.greeted(worker, now);
    }
    submit(queued);
  }

  /** As the event loop does it: so many come, as many are answered, each time one look at all. */
  public void exchange(int jobs) {
    now += STEP_NANOS;
    submit(jobs);
    for (int i = 0; i < jobs; i++) {
      answers.answerOldest(scheduler, now);
    }
    scheduler.settle(now);
  }

  private void submit(int jobs) {
    for (int i = 0; i < jobs; i++) {
      scheduler.submit(++lastJobId, this, SPEC, now);
    }
    scheduler.settle(now);
  }

  /** How many jobs have ended. */
  public long completed() {
    return answers.completed();
  }
}
