package dev.forkyard.worker;

import dev.forkyard.protocol.Scoreboard;
import java.util.ArrayList;
import java.util.List;

/** The threads that run jobs: one for each slot, with handlers of its own. */
final class JobThreads {

  private final List<JobThread> threads = new ArrayList<>();

  JobThreads(Scoreboard scoreboard, WorkerSetup setup, WorkerEnd end) {
    Scoreboard board = scoreboard.withSlots(setup.slots());
    for (int slot = 0; slot < setup.slots(); slot++) {
      threads.add(new JobThread(slot, board, new Handlers(setup, slot), end));
    }
  }

  int slots() {
    return threads.size();
  }

  /** They do not keep their process from its end. */
  void setDaemon() {
    threads.forEach(each -> each.setDaemon(true));
  }

  /**
   * Has each make the handlers that are to be ready before the first job, if there are any, and
   * waits until all have. Where that fails the process ends.
   */
  void warmUp() {
    threads.forEach(JobThread::warmUp);
    threads.forEach(JobThread::awaitWarm);
  }

  /** From here on they run jobs. */
  void begin(MasterChannel master, Orders orders, int maxFrameBytes) {
    threads.forEach(each -> each.begin(master, orders, maxFrameBytes));
  }

  /** They will not begin, and end with their worker. */
  void giveUp() {
    threads.forEach(JobThread::giveUp);
  }

  /** Interrupts all jobs. */
  void interrupt() {
    threads.forEach(JobThread::interrupt);
  }

  /** Interrupts this job, which was condemned: nothing more is started. */
  void cancel(long jobId) {
    threads.forEach(each -> each.cancel(jobId));
  }

  /** Interrupts this job, and nothing else. */
  void stop(long jobId) {
    threads.forEach(each -> each.stop(jobId));
  }

  /** The one that runs this job; some other if none does. */
  Thread of(long jobId) {
    for (JobThread each : threads) {
      if (each.runs(jobId)) {
        return each;
      }
    }
    return threads.get(0);
  }

  /** Java Flight Recorder records, and is told of jobs from now on. */
  void record() {
    threads.forEach(JobThread::record);
  }

  boolean records() {
    return threads.get(0).records();
  }
}
