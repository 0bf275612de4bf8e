package dev.forkyard.launcher;

import dev.forkyard.pool.HandlerRef;
import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.TextResult;

/** Jobs of one handler in a pool. */
final class PoolJobs implements Jobs {

  private final ProcessPool pool;
  private final HandlerRef<String, TextResult> handler;
  private final JobOptions options;

  PoolJobs(ProcessPool pool, HandlerRef<String, TextResult> handler, JobOptions options) {
    this.pool = pool;
    this.handler = handler;
    this.options = options;
  }

  @Override
  public void submit(String input, Ended ended) {
    JobFuture<TextResult> future = pool.submit(handler, input, options);
    var unused =
        future.whenComplete((result, error) -> ended.accept(result, error, future.report()));
  }
}
