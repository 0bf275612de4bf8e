package dev.forkyard.protocol;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A little memory that a worker and its master both map, so that the master knows what the worker
 * was at, and what it had still to say, even after a {@code kill -9}.
 *
 * <pre>
 *   offset 0   the first slot: 2 bits of state, 6 of the attempt less one, 56 of the job's id
 *          8   when that job started, by the worker's monotonic clock
 *         16   1 once the JVM runs its shutdown hooks
 *         24   when a job last told of progress, by the same clock as its start; 0 if none ever did
 *         32   a number that changes while the JVM runs its threads
 *         40   how many bytes of replies are below, of which none, some or all were sent
 *         48   how many bytes the worker had sent before the first of them
 *         64   the second slot, as at 0, 8 and 24; and so on, each in a cache line of its own
 *       4096   replies, as they are sent
 *
 *   worker:  IDLE ──start(a)──► RUNNING(a) ──end(a)──► ENDED(a) ──start(b)──► RUNNING(b) ...
 *   master:                         └─────condemn(a)──► CONDEMNED(a), from which nothing leads away
 * </pre>
 *
 * <p>State and job are one word, so {@code end} and {@code condemn} are one compare-and-set each on
 * the same word: one of them wins. If the worker wins, the master hits nobody; if the master wins,
 * the worker starts nothing more, in none of its slots. The start is written before the slot and so
 * is there when the slot is seen.
 *
 * <p>What the master reads was written by a process that runs users' code: it is evidence, never
 * proof.
 */
public final class Scoreboard {

  /** How many slots a worker may have; then the page is full. */
  public static final int MAX_SLOTS = 64;

  /** What the job thread of a slot does. */
  public enum State {
    /** It has not started any job. */
    IDLE,
    /** It runs the job. */
    RUNNING,
    /** It ended the job and has started no other. */
    ENDED,
    /** It was condemned while it ran the job. */
    CONDEMNED
  }

  /**
   * A slot at one moment.
   *
   * @param run which attempt of which job, as {@link Scoreboard#run} makes it
   */
  public record Slot(State state, long run, long startedNanos, long progressedNanos) {}

  private static final int PAGE_BYTES = 4096;
  private static final int REPLIES_BYTES = 64 << 10;
  private static final int BYTES = PAGE_BYTES + REPLIES_BYTES;
  private static final int SLOT = 0;
  private static final int SLOT_BYTES = PAGE_BYTES / MAX_SLOTS;
  private static final int STARTED = 8;
  private static final int EXIT = 16;
  private static final int PROGRESSED = 24;
  private static final int BEATS = 32;
  private static final int WAITING = 40;
  private static final int SENT = 48;
  private static final int STATE_SHIFT = 62;
  private static final long RUN_MASK = (1L << STATE_SHIFT) - 1;
  private static final int ATTEMPT_SHIFT = 56;
  private static final long JOB_MASK = (1L << ATTEMPT_SHIFT) - 1;
  private static final int ATTEMPT_MASK = 63;
  private static final int MAX_READS = 100;
  private static final State[] STATES = State.values();
  private static final VarHandle LONGS =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final ByteBuffer page;
  private final int slots;

  /** On any memory that is aligned as a page is, and has so many slots. */
  Scoreboard(ByteBuffer page, int slots) {
    this.page = page;
    this.slots = slots;
  }

  /**
   * Makes the file, for its owner alone, and maps it. It is written and not just made long: a page
   * for which there is no room would end the worker, and perhaps the master, at its first use.
   *
   * @throws IOException if it can't be made, or there is no room for it; then it is not there
   */
  public static Scoreboard create(Path file) throws IOException {
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
    try {
      Files.write(file, new byte[BYTES]);
      return open(file);
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** Maps a file that {@link #create} made. */
  public static Scoreboard open(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new Scoreboard(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES), 1);
    }
  }

  /**
   * The same memory, with so many slots; one where nobody asked for more.
   *
   * @throws IllegalArgumentException if it is less than 1 or more than {@link #MAX_SLOTS}
   */
  public Scoreboard withSlots(int count) {
    if (count < 1 || count > MAX_SLOTS) {
      throw new IllegalArgumentException(
          "a scoreboard has 1 to " + MAX_SLOTS + " slots, but " + count + " are wanted");
    }
    return new Scoreboard(page, count);
  }

  /** How many slots it has. */
  public int slots() {
    return slots;
  }

  /**
   * What the slot says of one attempt of one job: the same worker may run a job again, and must not
   * be understood to have run it twice. Of attempts 64 apart, and jobs 2^56 apart, it is the same.
   */
  public static long run(long jobId, int attempt) {
    return (long) ((attempt - 1) & ATTEMPT_MASK) << ATTEMPT_SHIFT | (jobId & JOB_MASK);
  }

  /**
   * The worker is about to touch the job's bytes. Those of several slots must not be called at the
   * same time.
   *
   * @return false if it was condemned, in whichever slot, and must start nothing
   */
  public boolean start(int slot, long run, long nanos) {
    int at = slot * SLOT_BYTES;
    long seen = (long) LONGS.getAcquire(page, at + SLOT);
    if (stateOf(seen) == State.CONDEMNED || (slots > 1 && isCondemned())) {
      return false;
    }
    LONGS.setOpaque(page, at + STARTED, nanos);
    return LONGS.compareAndSet(page, at + SLOT, seen, word(State.RUNNING, run));
  }

  private boolean isCondemned() {
    for (int slot = 0; slot < slots; slot++) {
      long seen = (long) LONGS.getAcquire(page, slot * SLOT_BYTES + SLOT);
      if (stateOf(seen) == State.CONDEMNED) {
        return true;
      }
    }
    return false;
  }

  /**
   * The worker has done the job.
   *
   * @return false if it was condemned and must not reply
   */
  public boolean end(int slot, long run) {
    return LONGS.compareAndSet(
        page, slot * SLOT_BYTES + SLOT, word(State.RUNNING, run), word(State.ENDED, run));
  }

  /** The job that runs there tells that it gets on. */
  public void progress(int slot, long nanos) {
    LONGS.setOpaque(page, slot * SLOT_BYTES + PROGRESSED, nanos);
  }

  /** The JVM runs its threads: it is neither stopped nor stuck. Called by one thread alone. */
  public void beat() {
    LONGS.setRelease(page, BEATS, (long) LONGS.getOpaque(page, BEATS) + 1);
  }

  /** A number that changes while the JVM runs its threads. */
  public long beats() {
    return (long) LONGS.getAcquire(page, BEATS);
  }

  /** The worker's JVM ends by its own will: its exit code is not a signal's. */
  public void markExit() {
    LONGS.setRelease(page, EXIT, 1L);
  }

  /**
   * The master means to stop the job, in whichever slot it runs.
   *
   * @return false if it does not run there, and nobody may be hit
   */
  public boolean condemn(long run) {
    long running = word(State.RUNNING, run);
    for (int slot = 0; slot < slots; slot++) {
      if (LONGS.compareAndSet(
          page, slot * SLOT_BYTES + SLOT, running, word(State.CONDEMNED, run))) {
        return true;
      }
    }
    return false;
  }

  /** What the worker is at, in one of its slots. */
  public Slot read(int index) {
    int at = index * SLOT_BYTES;
    long slot = (long) LONGS.getAcquire(page, at + SLOT);
    long started = 0;
    for (int i = 0; i < MAX_READS; i++) {
      started = (long) LONGS.getAcquire(page, at + STARTED);
      long again = (long) LONGS.getAcquire(page, at + SLOT);
      if (again == slot) {
        break;
      }
      slot = again;
    }
    long progressed = (long) LONGS.getOpaque(page, at + PROGRESSED);
    return new Slot(stateOf(slot), slot & RUN_MASK, started, progressed);
  }

  /** Whether the JVM ran its shutdown hooks. */
  public boolean exitMarked() {
    return (long) LONGS.getAcquire(page, EXIT) != 0;
  }

  /** Where the worker collects replies; of one thread at a time. */
  public ByteBuffer replies() {
    return page.duplicate().position(PAGE_BYTES).slice();
  }

  /** So many bytes of {@link #replies} are complete, and wait. */
  public void repliesWait(int bytes) {
    LONGS.setRelease(page, WAITING, (long) bytes);
  }

  /** Nothing of {@link #replies} waits, and so many bytes were sent in all. */
  public void repliesSent(long bytes) {
    LONGS.setRelease(page, WAITING, 0L);
    LONGS.setRelease(page, SENT, bytes);
  }

  /**
   * The replies that a worker which has ended did not send any more.
   *
   * @param received how many bytes came from it in all
   */
  public ByteBuffer unsentReplies(long received) {
    long waiting = (long) LONGS.getAcquire(page, WAITING);
    long begun = received - (long) LONGS.getAcquire(page, SENT);
    ByteBuffer replies = replies();
    return begun < 0 || begun > waiting || waiting > replies.capacity()
        ? replies.limit(0)
        : replies.limit((int) waiting).position((int) begun);
  }

  private static long word(State state, long run) {
    return ((long) state.ordinal() << STATE_SHIFT) | (run & RUN_MASK);
  }

  private static State stateOf(long word) {
    return STATES[(int) (word >>> STATE_SHIFT)];
  }
}
