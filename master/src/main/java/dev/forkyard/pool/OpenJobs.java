package dev.forkyard.pool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The futures that were accepted and have not ended. It is kept apart from the scheduler, so that
 * none is left open when that can't be trusted any more. Used on the loop alone.
 *
 * <p>Ids are given in order, so those open at one time are near each other and most lie in a ring;
 * one that finds its place taken by an older one, which runs long, is kept beside it.
 */
final class OpenJobs {

  private static final int MIN_PLACES = 1 << 10;
  private static final int MAX_PLACES = 1 << 20;

  private @Nullable JobFuture<?>[] ring = new JobFuture<?>[MIN_PLACES];
  private int size;

  /** How many found their place taken since the ring last grew. */
  private int displaced;

  private final Map<Long, JobFuture<?>> beside = new HashMap<>();

  void add(JobFuture<?> future) {
    int place = place(future);
    if (ring[place] == null) {
      ring[place] = future;
    } else {
      beside.put(future.jobId(), future);
      displaced++;
      growIfCrowded();
    }
    size++;
  }

  private int place(JobFuture<?> future) {
    return (int) future.jobId() & (ring.length - 1);
  }

  /** Few long ones displace few; that many are displaced tells that many are open. */
  private void growIfCrowded() {
    if (displaced > ring.length / 2 && size > ring.length / 2 && ring.length < MAX_PLACES) {
      @Nullable JobFuture<?>[] old = ring;
      ring = new JobFuture<?>[2 * old.length];
      displaced = 0;
      for (JobFuture<?> each : old) {
        if (each != null) {
          ring[place(each)] = each;
        }
      }
      beside.values().removeIf(this::moved);
    }
  }

  private boolean moved(JobFuture<?> future) {
    boolean free = ring[place(future)] == null;
    if (free) {
      ring[place(future)] = future;
    }
    return free;
  }

  void remove(JobFuture<?> future) {
    int place = place(future);
    if (ring[place] == future) {
      ring[place] = null;
      size--;
    } else if (beside.remove(future.jobId(), future)) {
      size--;
    }
  }

  boolean contains(JobFuture<?> future) {
    return ring[place(future)] == future || beside.get(future.jobId()) == future;
  }

  /** The one of this id; null if none is open. */
  @Nullable JobFuture<?> get(long jobId) {
    JobFuture<?> near = ring[(int) jobId & (ring.length - 1)];
    return near != null && near.jobId() == jobId ? near : beside.get(jobId);
  }

  /** Takes them all out, and tells of each. */
  void takeAll(Consumer<JobFuture<?>> taker) {
    List<JobFuture<?>> all = new ArrayList<>(beside.values());
    for (JobFuture<?> each : ring) {
      if (each != null) {
        all.add(each);
      }
    }
    Arrays.fill(ring, null);
    beside.clear();
    size = 0;
    all.forEach(taker);
  }
}
