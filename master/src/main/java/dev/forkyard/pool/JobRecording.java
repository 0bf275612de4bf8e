package dev.forkyard.pool;

import dev.forkyard.worker.FlightRecording;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells Java Flight Recorder of jobs that have ended, where that records. It is looked for when a
 * job ends, once a second, and what it needs is loaded by another thread. Used on the loop alone.
 */
final class JobRecording {

  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String poolName;
  private final Executor aside;
  private long lookedNanos = System.nanoTime() - LOOK_NANOS;

  /** Null while it was not seen to record. */
  private volatile @Nullable JobEndRecorder recorder;

  /** Loads on a thread of that. */
  JobRecording(String poolName, Executor aside) {
    this.poolName = poolName;
    this.aside = aside;
  }

  void ended(JobFuture<?> future, Delivery ended) {
    JobEndRecorder told = recorder;
    if (told != null) {
      told.record(future, ended);
    } else if (ended.endedNanos() - lookedNanos > LOOK_NANOS) {
      lookedNanos = ended.endedNanos();
      look();
    }
  }

  private void look() {
    if (FlightRecording.isOn()) {
      try {
        aside.execute(() -> recorder = new JobEndRecorder(poolName));
      } catch (OutOfMemoryError noThread) {
        // The next look tries again.
      }
    }
  }
}
