package dev.forkyard.pool.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One worker process: its state, and the jobs in its hands in the order in which it got them. */
final class Worker<J> {

  final long id;
  final int generation;
  final long bornNanos;

  /** How many jobs it runs at once: the first ones of its line. */
  final int slots;

  /** Of each job that is in its hands and not known to have started. */
  final JobState.Assigned assigned;

  final ArrayDeque<Job<J>> line = new ArrayDeque<>();

  private WorkerState state;

  /** Payload bytes in its hands. */
  long bytes;

  final Replied replied;

  boolean greeted;
  boolean everAssigned;
  boolean exited;

  /** Someone else than the pool ended it by a signal. */
  boolean killedFromOutside;

  /** What it ended of by itself, where that is known. */
  @Nullable String cause;

  /** How many more jobs it may get. */
  long quota = Long.MAX_VALUE;

  /** It is to be replaced, whatever it may still get. */
  boolean overdue;

  /** It is of another generation than workers should be. */
  boolean outdated;

  /** It gets no more jobs, since it is the one that is replaced next. */
  boolean retired;

  /** It gets no more jobs, since there are more workers than there should be. */
  boolean surplus;

  /** It was weighed, where that is asked for, and may get jobs. */
  boolean proven;

  /** It held too much memory before it had any job. */
  boolean overweight;

  /** What it held when it was last weighed. */
  long memory;

  /** It is being weighed. */
  boolean onScales;

  /** Its end began before it had shown that it works, and without having been asked for. */
  boolean leavesAsInfant;

  /** The pool told it to drain. */
  boolean dismissed;

  /** It drained and held nothing when it ended. */
  boolean asked;

  /** Before the greeting there is no socket to be read. */
  boolean socketEnded = true;

  /** When it became ready; of those that have. */
  long readyNanos;

  /** Since when it has held no job, while it holds none. */
  long idleSinceNanos;

  /** For how many jobs it has replied. */
  long answered;

  /** When part of something large last went over its connection, in either direction. */
  long heardNanos;

  /** The ids of each recall that was not answered, in order; each is sorted. */
  final ArrayDeque<long[]> recalls = new ArrayDeque<>();

  /** Until when a recall must be answered. */
  Timers.@Nullable Timer recall;

  Timers.@Nullable Timer pulse;

  /** When it will be too old. */
  Timers.@Nullable Timer age;

  final Vitals vitals = new Vitals();

  /** What waits for it and no other; null if nothing ever did. */
  @Nullable Tie<J> tie;

  /** How many keys it has or had; the business of {@link Waiting} alone. */
  int keys;

  /** How many jobs in its hands no other may have. */
  int tied;

  /** Its place among others of its load; the business of {@link ByLoad} alone. */
  int listedAt = -1;

  @Nullable Worker<J> previousListed;

  @Nullable Worker<J> nextListed;

  Worker(long id, int generation, int slots, long bornNanos, WorkerState.Starting state) {
    this.id = id;
    this.generation = generation;
    this.slots = slots;
    this.assigned = new JobState.Assigned(id);
    this.replied = new Replied(slots);
    this.bornNanos = bornNanos;
    this.heardNanos = bornNanos;
    this.state = state;
  }

  WorkerState state() {
    return state;
  }

  int load() {
    return line.size();
  }

  /** Whether it may get jobs. */
  boolean available() {
    return state instanceof WorkerState.Ready || state instanceof WorkerState.Busy;
  }

  /** Whether it is to be replaced, and gets jobs all the same until it is its turn. */
  boolean due() {
    return overdue || outdated;
  }

  /** Whether it gets no more jobs. */
  boolean spent() {
    return retired || quota == 0;
  }

  /** Whether it gets jobs that others may have as well. */
  boolean takesJobs() {
    return available() && !spent();
  }

  /** Whether it is on its way out, and gets no job whatever. */
  boolean leaves() {
    return !available() && !(state instanceof WorkerState.Starting);
  }

  /** Whether it would start another job at once. */
  boolean hasFreeSlot() {
    return line.size() < slots;
  }

  /** The jobs that run or are next to. */
  List<Job<J>> inSlots() {
    List<Job<J>> first = new ArrayList<>(slots);
    for (Job<J> each : line) {
      if (first.size() == slots) {
        break;
      }
      first.add(each);
    }
    return first;
  }

  /** How many jobs in its hands another may have that has a free slot, before they start. */
  int loose() {
    int loose = line.size() - tied;
    int left = slots;
    for (Job<J> each : line) {
      if (left-- == 0) {
        break;
      }
      loose -= each.spec().tied() ? 0 : 1;
    }
    return loose;
  }

  /** Whether its end is under way. */
  boolean doomed() {
    return state instanceof WorkerState.Killing
        || state instanceof WorkerState.Dying
        || state instanceof WorkerState.Dead;
  }

  void become(WorkerState next) {
    if (!state.allows(next)) {
      throw new IllegalStateException("worker " + id + " can't go from " + state + " to " + next);
    }
    state = next;
  }

  @Nullable Job<J> find(long jobId) {
    Job<J> head = line.peekFirst();
    if (head == null || head.id() == jobId) {
      return head;
    }
    for (Job<J> job : line) {
      if (job.id() == jobId) {
        return job;
      }
    }
    return null;
  }
}
