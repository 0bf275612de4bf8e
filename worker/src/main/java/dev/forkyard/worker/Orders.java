package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hears what the master sends and does it, or hands it to the job threads: where there is one, on
 * whichever thread's {@link Turn} it is, and where there are several on a thread that does nothing
 * else.
 */
final class Orders {

  private static final int MAX_DUMP_CHARS = 256 << 10;
  private static final int MAX_BYTES_PER_CHAR = 3;

  /** In less than that a reply hardly reaches the master and another task comes back. */
  private static final long ROUND_TRIP_NANOS = 50_000;

  private final MasterChannel master;
  private final int maxDumpChars;
  private final JobThreads jobThreads;
  private final Consumer<@Nullable Throwable> end;

  private final Turn turn = new Turn();
  private final Inbox inbox = new Inbox();

  /** Null where there is one job thread, which takes from the inbox itself. */
  private final @Nullable SharedInbox shared;

  /** How many job threads have not left. */
  private final AtomicInteger staying;

  private final OpenTasks openTasks;
  private boolean toLeave;

  /** The job thread's: replies were sent while it had one more task, so others may have come. */
  private boolean lastTaskLeft;

  /** The tasks that may be unclaimed, the oldest first. */
  private final ArrayDeque<Task> unclaimed = new ArrayDeque<>();

  private final Map<Integer, String> handlerNames = new HashMap<>();
  private int lastHandlerId;
  private String lastHandlerName = "";

  /**
   * Reads from this connection.
   *
   * @param jobThreads those that take tasks
   * @param end what the end of the connection is told, with what was thrown if it was; it does not
   *     return
   */
  Orders(
      MasterChannel master,
      int maxFrameBytes,
      JobThreads jobThreads,
      OpenTasks openTasks,
      Consumer<@Nullable Throwable> end) {
    this.master = master;
    this.maxDumpChars =
        Math.min(MAX_DUMP_CHARS, JobThread.replyBytes(maxFrameBytes) / MAX_BYTES_PER_CHAR);
    this.jobThreads = jobThreads;
    this.shared = jobThreads.slots() == 1 ? null : new SharedInbox(inbox);
    this.staying = new AtomicInteger(jobThreads.slots());
    this.openTasks = openTasks;
    this.end = end;
  }

  /** On a job thread: waits for the next task, which it has begun, or for the end of all. */
  Task take(JobThread jobThread) {
    return shared == null ? takeOrRead(jobThread) : shared.take(jobThread);
  }

  /** On the only job thread, which reads while it waits if nobody else does. */
  private Task takeOrRead(JobThread jobThread) {
    while (true) {
      Task next = inbox.take();
      if (next != null) {
        turn.countTask();
        if (next.isLeave() || jobThread.begin(next)) {
          return next;
        }
      } else if (turn.begin()) {
        try {
          // The reader may have brought something just before it gave the turn back.
          if (!inbox.hasNext()) {
            // The task for which a reply waited may have been taken back.
            master.flushWaiting();
            hear();
          }
        } finally {
          turn.end();
        }
      } else {
        turn.awaitReader(inbox::hasNext);
      }
    }
  }

  /**
   * On a job thread: a reply may wait for that of another task, if that is its own too.
   *
   * @param now when the job ended, not long ago
   * @param runNanos how long it ran
   * @return whether it waits, for a task that is there to be taken
   */
  boolean answer(Frame reply, long now, long runNanos) throws IOException {
    boolean waits = master.reply(reply, shared == null && moreFollow(runNanos), now, runNanos);
    if (waits && turn.isTaken()) {
      // The reader is not there to look for it.
      master.flushWaiting();
      return false;
    }
    return waits;
  }

  /**
   * Whether a reply may wait for those of other tasks. It does not wait for that of the last one
   * that is there, if that may take as long as others take to come: else the job thread would have
   * nothing to do meanwhile.
   */
  private boolean moreFollow(long runNanos) {
    if (runNanos < ROUND_TRIP_NANOS) {
      return inbox.hasNext();
    }
    if (!inbox.hasSeveral() && (inbox.hasNext() || lastTaskLeft) && turn.begin()) {
      try {
        look();
      } finally {
        turn.end();
      }
    }
    lastTaskLeft = inbox.hasNext() && !inbox.hasSeveral();
    return inbox.hasSeveral();
  }

  /** On a job thread that takes no more: whether it is the last. */
  boolean leave() {
    return staying.decrementAndGet() == 0;
  }

  /** On the reader, to the worker's end: nothing a job does keeps this thread from answering. */
  void serve() {
    try {
      if (shared == null) {
        readByTurns();
      }
      while (true) {
        hear();
      }
    } finally {
      // Here it comes where the worker ends without its process; its job threads may wait.
      inbox.add(Task.leave());
      handOver();
      turn.giveBack();
    }
  }

  private void readByTurns() {
    while (true) {
      if (turn.await(master::flushDue)) {
        master.flushWaiting();
        do {
          hear();
        } while (!turn.giveBackIfShort());
      } else {
        look();
        turn.giveBack();
      }
    }
  }

  /** Waits until something comes, and does all that came with it. */
  private void hear() {
    try {
      Frame frame = master.read();
      if (frame == null) {
        end.accept(null);
      } else {
        hearAll(frame);
      }
    } catch (Throwable thrown) {
      end.accept(thrown);
    }
  }

  /** Does what has come, if anything has. */
  private void look() {
    try {
      if (master.look()) {
        hearAll(master.readArrived());
      } else {
        end.accept(null);
      }
    } catch (Throwable thrown) {
      end.accept(thrown);
    }
  }

  private void hearAll(@Nullable Frame first) throws IOException {
    for (Frame frame = first; frame != null; frame = master.readArrived()) {
      hear(frame);
    }
    handOver();
  }

  private void handOver() {
    if (shared == null) {
      inbox.handOver();
    } else {
      shared.handOver();
    }
  }

  private void hear(Frame frame) throws IOException {
    if (frame instanceof Frame.Run run) {
      accept(run, jobThreads.records() ? System.nanoTime() : 0);
    } else if (frame instanceof Frame.Recall recall) {
      giveBack(recall.jobIds());
    } else if (frame instanceof Frame.Cancel cancel) {
      cancel(cancel.jobId());
    } else if (frame instanceof Frame.Stop stop) {
      jobThreads.stop(stop.jobId());
    } else if (frame instanceof Frame.Drain && !toLeave) {
      toLeave = true;
      inbox.add(Task.leave());
    } else {
      openTasks.hear(frame);
    }
  }

  private void accept(Frame.Run run, long arrivedNanos) {
    if (run.handlerName() != null) {
      handlerNames.put(run.handlerId(), run.handlerName());
    } else if (run.handlerId() == lastHandlerId) {
      accept(new Task(run, lastHandlerName), arrivedNanos);
      return;
    }
    lastHandlerId = run.handlerId();
    lastHandlerName = handlerNames.getOrDefault(lastHandlerId, "");
    accept(new Task(run, lastHandlerName), arrivedNanos);
  }

  private void accept(Task task, long arrivedNanos) {
    task.arrived(arrivedNanos);
    if (!openTasks.isEmpty()) {
      task.open(openTasks.of(task.jobId()));
    }
    while (!unclaimed.isEmpty() && unclaimed.getFirst().isClaimed()) {
      unclaimed.removeFirst();
    }
    unclaimed.addLast(task);
    inbox.add(task);
  }

  private void giveBack(long[] jobIds) throws IOException {
    Map<Long, Task> byId = new HashMap<>();
    unclaimed.forEach(task -> byId.put(task.jobId(), task));
    long[] returned = new long[jobIds.length];
    int count = 0;
    for (long jobId : jobIds) {
      Task task = byId.get(jobId);
      if (task != null && task.claim()) {
        returned[count++] = jobId;
        openTasks.forget(jobId);
      }
    }
    master.write(new Frame.Returned(Arrays.copyOf(returned, count)));
  }

  private void cancel(long jobId) throws IOException {
    // Once it is interrupted, the job is elsewhere.
    String dump = ThreadDump.of(jobThreads.of(jobId), maxDumpChars);
    jobThreads.cancel(jobId);
    master.write(new Frame.Dump(jobId, dump));
  }
}
