package dev.forkyard.pool;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Timespan;

/**
 * Tells Java Flight Recorder of workers. Loaded only where that records, since to load {@code
 * jdk.jfr} takes 200 ms.
 */
final class WorkerRecorder {

  private WorkerRecorder() {}

  /** A worker takes jobs from now on. */
  @Name("dev.forkyard.WorkerStart")
  @Label("Worker Start")
  @Category("Forkyard")
  static final class WorkerStart extends Event {

    @Label("Pool")
    String pool = "";

    @Label("Worker Id")
    long workerId;

    @Label("Process Id")
    long workerPid;

    @Label("Boot Time")
    @Timespan(Timespan.NANOSECONDS)
    long bootTime;
  }

  /** A worker's process has ended. */
  @Name("dev.forkyard.WorkerExit")
  @Label("Worker Exit")
  @Category("Forkyard")
  static final class WorkerExit extends Event {

    @Label("Pool")
    String pool = "";

    @Label("Worker Id")
    long workerId;

    @Label("Process Id")
    long workerPid;

    @Label("Lost")
    boolean lost;

    @Label("How")
    String how = "";

    @Label("Age")
    @Timespan(Timespan.NANOSECONDS)
    long age;
  }

  static void record(PoolEvent event) {
    if (event instanceof PoolEvent.WorkerReady ready) {
      WorkerStart start = new WorkerStart();
      start.pool = ready.pool();
      start.workerId = ready.workerId();
      start.workerPid = ready.workerPid();
      start.bootTime = ready.bootTime().toNanos();
      start.commit();
    } else if (event instanceof PoolEvent.WorkerEnded ended) {
      WorkerExit exit = new WorkerExit();
      exit.pool = ended.pool();
      exit.workerId = ended.workerId();
      exit.workerPid = ended.workerPid();
      exit.lost = ended.lost();
      exit.how = ended.how();
      exit.age = ended.age().toNanos();
      exit.commit();
    }
  }
}
