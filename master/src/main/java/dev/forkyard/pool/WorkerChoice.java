package dev.forkyard.pool;

import java.time.Duration;
import java.util.List;

/** Chooses which worker gets a job: {@link ProcessPool.Builder#workerChoice}. */
@FunctionalInterface
public interface WorkerChoice {

  /**
   * A worker that may have the job.
   *
   * @param workerId {@link WorkerInfo#id}
   * @param pid its process id
   * @param assigned how many jobs it holds, the running one among them
   * @param jobsRun for how many it has answered
   * @param age since its launch
   */
  record Candidate(long workerId, long pid, int assigned, long jobsRun, Duration age) {}

  /**
   * Chooses a worker for the next job. It is called on the pool's event loop, for each job, so it
   * must be quick and neither block nor wait for anything of the pool.
   *
   * @param candidates the workers that have room for the job, oldest first, and never none: those
   *     that idle, and those that may hold some jobs beyond the one that they run ({@link
   *     ProcessPool.Builder#prefetch}). Where a job was taken back from a busy worker for one that
   *     idles, those that idle alone
   * @return the index of the one that gets it. For any other number, and where it throws, the pool
   *     chooses as it does without it, and the first time logs an error
   */
  int choose(List<Candidate> candidates);
}
