package dev.forkyard.benchmarks.scheduling;

import dev.forkyard.pool.scheduler.Actions;
import dev.forkyard.pool.scheduler.Job;
import dev.forkyard.pool.scheduler.Outcome;
import dev.forkyard.pool.scheduler.Progress;
import dev.forkyard.pool.scheduler.Scheduler;
import java.util.ArrayDeque;
import java.util.List;

/** Workers without processes, which answer when they are told to, the oldest job first. */
final class AnsweringWorkers implements Actions<Object> {

  private static final long RUN_NANOS = 1_000;

  private record Held(long workerId, long jobId) {}

  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private long completed;
  private long beats;

  void answerOldest(Scheduler<Object> scheduler, long now) {
    Held oldest = held.poll();
    if (oldest != null) {
      scheduler.replied(oldest.workerId(), oldest.jobId(), true, RUN_NANOS, this, now);
    }
  }

  long completed() {
    return completed;
  }

  @Override
  public void run(long workerId, Job<Object> job) {
    held.add(new Held(workerId, job.id()));
  }

  @Override
  public void complete(Job<Object> job, Outcome outcome) {
    completed++;
  }

  @Override
  public List<Progress> progress(long workerId) {
    return List.of();
  }

  @Override
  public boolean condemn(long workerId, long jobId) {
    return false;
  }

  @Override
  public long beats(long workerId) {
    return ++beats;
  }

  @Override
  public boolean wantsRetry(Job<Object> job, Object reply) {
    return false;
  }

  @Override
  public void retrying(Job<Object> job, boolean lost, long runNanos, long pauseNanos) {}

  @Override
  public void frozen(long workerId) {}

  @Override
  public void weigh(long workerId) {}

  @Override
  public void overweight(long workerId, long bytes) {}

  @Override
  public void reloaded() {}

  @Override
  public void rolledBack(long workerId) {}

  @Override
  public void askToStop(long workerId, long jobId) {}

  @Override
  public void launch(long workerId, int generation) {}

  @Override
  public void recall(long workerId, long[] jobIds) {}

  @Override
  public void interrupt(long workerId, long jobId) {}

  @Override
  public void drain(long workerId) {}

  @Override
  public void terminate(long workerId) {}

  @Override
  public void kill(long workerId) {}

  @Override
  public void dequeued(Job<Object> job) {}

  @Override
  public void left(Job<Object> job) {}

  @Override
  public void forget(long workerId, boolean lost) {}

  @Override
  public void ready(long workerId) {}

  @Override
  public void terminated() {}
}
