package dev.forkyard.worker;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Timespan;

/**
 * Tells Java Flight Recorder of jobs. Made only where that records, since to load {@code jdk.jfr}
 * takes 200 ms.
 */
final class JobRecorder {

  /** One job, from its start to its end. */
  @Name("dev.forkyard.Job")
  @Label("Job")
  @Category("Forkyard")
  @Description("A job that ran in this worker")
  static final class JobEvent extends Event {

    @Label("Job Id")
    long jobId;

    @Label("Attempt")
    int attempt;

    @Label("Handler")
    String handler = "";

    @Label("Waited")
    @Description("In this worker, behind other jobs; 0 where that is not known")
    @Timespan(Timespan.NANOSECONDS)
    long waited;

    @Label("Failed")
    boolean failed;
  }

  /** On the job thread, when a job starts. */
  JobEvent begin() {
    JobEvent event = new JobEvent();
    event.begin();
    return event;
  }

  /** On the same thread, when it has ended. */
  void end(JobEvent event, Task task, boolean failed) {
    event.end();
    if (event.shouldCommit()) {
      event.jobId = task.jobId();
      event.attempt = task.attempt();
      event.handler = task.handlerName;
      event.waited = task.waitedNanos();
      event.failed = failed;
      event.commit();
    }
  }
}
