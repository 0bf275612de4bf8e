package dev.forkyard.worker;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is to read what the master sends.
 *
 * <p>It is the job thread's own while it has no job, so that a short job costs no hand-off between
 * threads. A job that takes longer must not keep the master waiting for an answer: the reader,
 * which looks in as long as jobs are run, takes the turn. It gives it back when something came
 * while the job thread had none.
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
  private static final long TICK_NANOS = 500_000;

  private static final int RUNNING = 0;
  private static final int LISTENING = 1;
  private static final int TAKEN = 2;
  private static final int STATES = 4;

  /** The state, and how often the job thread's turn or the reader's has ended. */
  private final AtomicLong word = new AtomicLong(RUNNING);

  private volatile @Nullable Thread readerAsleep;
  private volatile @Nullable Thread jobThreadAsleep;

  // The job thread's.

  /** Whether it may read: the reader does not. */
  boolean begin() {
    long now = word.get();
    return state(now) == RUNNING && word.compareAndSet(now, now + LISTENING);
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

  /** Waits until a job takes so long that the turn is the reader's. */
  void await() {
    long seen = word.get();
    while (true) {
      LockSupport.parkNanos(this, TICK_NANOS);
      Thread.interrupted();
      long now = word.get();
      if (now == seen && state(now) == LISTENING) {
        awaitEnd(now);
      } else if (now == seen && takeOver()) {
        return;
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

  /** After the reader brought what came: whether the turn is not its own any more. */
  boolean giveBack() {
    Thread idle = jobThreadAsleep;
    if (idle == null) {
      return false;
    }
    word.set(next(word.get()));
    LockSupport.unpark(idle);
    return true;
  }

  private static int state(long word) {
    return (int) (word % STATES);
  }

  private static long next(long word) {
    return word - state(word) + STATES;
  }
}
