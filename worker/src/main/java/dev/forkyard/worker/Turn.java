package dev.forkyard.worker;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is to read what the master sends.
 *
 * <p>It is the job thread's own while it has no job, so that a short job costs no hand-off between
 * threads. What comes while it has some is not left lying for long: the reader looks in after each
 * tick. Where that finds the job of the tick before it keeps the turn, and is woken by whatever
 * comes, since a long job must not keep the master waiting for an answer. It gives the turn back
 * when jobs are short again, or when something came while the job thread had none.
 *
 * <pre>
 *   LISTENING ──end──► RUNNING ──await──► TAKEN
 *       ▲───begin─────────┘ ▲──giveBack─────┘
 * </pre>
 *
 * <p>Whoever has the turn sees all that the other did in its own.
 */
final class Turn {

  /** After one to two of these a job is too long to be waited for. */
  private static final long TICK_NANOS = 4_000_000;

  /** So many jobs in one turn of the reader are no long ones, or not any more. */
  private static final int SHORT_AGAIN = 3;

  private static final int RUNNING = 0;
  private static final int LISTENING = 1;
  private static final int TAKEN = 2;
  private static final int STATES = 4;

  /** The state, and how often the job thread's turn or the reader's has ended. */
  private final AtomicLong word = new AtomicLong(RUNNING);

  /** How many tasks the job thread has taken; it alone writes it. */
  private final AtomicLong tasks = new AtomicLong();

  /** The reader's: of the tasks, when it took the turn to keep it. */
  private long tasksAtTake;

  private volatile @Nullable Thread readerAsleep;
  private volatile @Nullable Thread jobThreadAsleep;

  // The job thread's.

  /** Whether it may read: the reader does not. */
  boolean begin() {
    long now = word.get();
    return state(now) == RUNNING && word.compareAndSet(now, now + LISTENING);
  }

  /** It takes a task, which the reader then sees. */
  void countTask() {
    tasks.lazySet(tasks.getPlain() + 1);
  }

  /** Whether the reader has it, and so is not there to look for what waits. */
  boolean isTaken() {
    return state(word.get()) == TAKEN;
  }

  /** It has something to run. */
  void end() {
    word.set(next(word.get()));
    Thread reader = readerAsleep;
    if (reader != null) {
      LockSupport.unpark(reader);
    }
  }

  /** Waits while the reader reads and has brought nothing. */
  void awaitReader(BooleanSupplier brought) {
    jobThreadAsleep = Thread.currentThread();
    while (state(word.get()) == TAKEN && !brought.getAsBoolean()) {
      LockSupport.park(this);
      Thread.interrupted();
    }
    jobThreadAsleep = null;
  }

  // The reader's.

  /**
   * Waits until the turn is the reader's.
   *
   * @param look done at each tick, before the turn is taken for long or nobody's ticks are waited
   *     for
   * @return whether it is to keep the turn, rather than to look what has arrived
   */
  boolean await(Runnable look) {
    long seen = word.get();
    while (true) {
      long before = tasks.get();
      LockSupport.parkNanos(this, TICK_NANOS);
      Thread.interrupted();
      look.run();
      long now = word.get();
      if (now == seen && state(now) == LISTENING) {
        awaitEnd(now);
      } else if (now == seen && takeOver()) {
        tasksAtTake = tasks.get();
        return tasksAtTake == before;
      }
      seen = word.get();
    }
  }

  /** Whether the job thread does not read. */
  boolean takeOver() {
    long now = word.get();
    return state(now) == RUNNING && word.compareAndSet(now, now + TAKEN);
  }

  private void awaitEnd(long listening) {
    readerAsleep = Thread.currentThread();
    while (word.get() == listening) {
      LockSupport.park(this);
      Thread.interrupted();
    }
    readerAsleep = null;
  }

  /** After the reader has looked. */
  void giveBack() {
    word.set(next(word.get()));
    Thread idle = jobThreadAsleep;
    if (idle != null) {
      LockSupport.unpark(idle);
    }
  }

  /** After the reader brought what came: whether the turn is not its own any more. */
  boolean giveBackIfShort() {
    if (jobThreadAsleep == null && tasks.get() - tasksAtTake < SHORT_AGAIN) {
      return false;
    }
    giveBack();
    return true;
  }

  private static int state(long word) {
    return (int) (word % STATES);
  }

  private static long next(long word) {
    return word - state(word) + STATES;
  }
}
