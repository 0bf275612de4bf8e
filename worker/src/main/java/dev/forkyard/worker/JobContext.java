package dev.forkyard.worker;

import java.time.Duration;
import java.util.Optional;

/** What a handler may know about the job it runs. Safe to use from any thread of the worker. */
public interface JobContext {

  /** The job's id, unique in its pool and the same in every attempt. */
  long jobId();

  /** 1 in the first run of the job, 2 in its first retry, and so on. */
  int attempt();

  /** How long the job may still run before its worker is killed; empty where it has no timeout. */
  Optional<Duration> remaining();

  /** Whether the job's caller no longer waits for it. The job thread has been interrupted too. */
  boolean cancelled();
}
