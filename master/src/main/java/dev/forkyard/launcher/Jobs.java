package dev.forkyard.launcher;

import dev.forkyard.pool.JobReport;
import dev.forkyard.pool.TextResult;
import org.jspecify.annotations.Nullable;

/** Runs one job for each text it is given. */
interface Jobs {

  /** Starts a job; {@code ended} is called once, on any thread. */
  void submit(String input, Ended ended);

  /** Told how a job ended. */
  interface Ended {

    void accept(@Nullable TextResult result, @Nullable Throwable error, JobReport report);
  }
}
