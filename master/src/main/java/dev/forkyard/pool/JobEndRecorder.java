package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Outcome;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * Tells Java Flight Recorder how jobs went. Made only where that records, since to load {@code
 * jdk.jfr} takes 200 ms.
 */
final class JobEndRecorder {

  private final String poolName;

  /** Loads what the first event needs. */
  JobEndRecorder(String poolName) {
    this.poolName = poolName;
    new JobEnd().shouldCommit();
  }

  /** A job has ended, for the program that submitted it. */
  @Name("dev.forkyard.JobEnd")
  @Label("Job End")
  @Category("Forkyard")
  @StackTrace(false)
  static final class JobEnd extends Event {

    @Label("Pool")
    String pool = "";

    @Label("Job Id")
    long jobId;

    @Label("Handler")
    String handler = "";

    @Label("Attempt")
    @Description("0 if no worker had it")
    int attempt;

    @Label("Process Id")
    @Description("Of the worker that had it last; 0 if none had")
    long workerPid;

    @Label("Waited")
    @Description("From its submission to its end, less what its last attempt ran")
    @Timespan(Timespan.NANOSECONDS)
    long waited;

    @Label("Ran")
    @Description("In its last attempt; 0 where that is not known")
    @Timespan(Timespan.NANOSECONDS)
    long ran;

    @Label("Outcome")
    String outcome = "";
  }

  void record(JobFuture<?> future, Delivery ended) {
    JobEnd event = new JobEnd();
    if (event.shouldCommit()) {
      long total = Math.max(0, ended.endedNanos() - future.submittedNanos());
      event.pool = poolName;
      event.jobId = future.jobId();
      event.handler = future.handler().className();
      event.attempt = ended.attempt();
      event.workerPid = ended.workerPid();
      event.ran = Math.max(0, Math.min(ended.runNanos(), total));
      event.waited = total - event.ran;
      event.outcome = text(ended.outcome());
      event.commit();
    }
  }

  private static String text(Outcome outcome) {
    if (outcome instanceof Outcome.Replied replied) {
      return replied.ok() ? "succeeded" : "failed";
    } else if (outcome instanceof Outcome.TimedOut timedOut) {
      return "timed out: " + timedOut.deadline();
    } else if (outcome instanceof Outcome.Expired) {
      return "timed out: QUEUE";
    } else if (outcome instanceof Outcome.Lost || outcome instanceof Outcome.Gone) {
      return "lost";
    }
    return outcome instanceof Outcome.Cancelled ? "cancelled" : "refused";
  }
}
