package dev.forkyard.benchmarks.soak;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Does what its input says, and notes in this process's ledger that it began and that it is about
 * to end. The result is the input.
 */
public final class SoakJob implements JobHandler<byte[], byte[]> {

  /** What an input begins with: the job's number and its kind. */
  static final int HEADER_BYTES = 12;

  private static final int LEAKED_BYTES = 256 << 10;
  private static final int MOST_LEAKS = 60;
  private static final int LEFT_THREADS = 100;

  private static final class Held {
    static final Ledger LEDGER = open();
    static final List<byte[]> LEAKS = new ArrayList<>();

    private static Ledger open() {
      try {
        return Ledger.ofThisProcess();
      } catch (IOException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  /** The input of a job. */
  static byte[] input(long job, JobKind kind, int bytes) {
    return ByteBuffer.allocate(HEADER_BYTES + bytes).putLong(job).putInt(kind.ordinal()).array();
  }

  @Override
  public byte[] handle(byte[] input, JobContext context) throws Exception {
    ByteBuffer header = ByteBuffer.wrap(input);
    long job = header.getLong();
    JobKind kind = JobKind.of(header.getInt());
    int attempt = context.attempt();
    return noted(
        job,
        attempt,
        () -> {
          act(kind, attempt, job);
          return input;
        });
  }

  /** What a lambda does. */
  static long lambda(long job) throws Exception {
    return noted(job, 1, () -> job);
  }

  private interface Act<T> {
    T run() throws Exception;
  }

  private static <T> T noted(long job, int attempt, Act<T> act) throws Exception {
    Held.LEDGER.note(job, Note.What.STARTED, attempt);
    try {
      T result = act.run();
      Held.LEDGER.note(job, Note.What.RETURNED, attempt);
      return result;
    } catch (Exception | Error e) {
      Held.LEDGER.note(job, Note.What.THREW, attempt);
      throw e;
    }
  }

  private static void act(JobKind kind, int attempt, long job) throws Exception {
    switch (kind) {
      case COMPUTE -> compute(System.nanoTime() + (job % 10) * 1_000_000);
      case SLEEP -> Thread.sleep(job % 100);
      case LEAK -> leak();
      // The shell's child, and after the shell's end its own, are the worker's as well.
      case CHILDREN -> new ProcessBuilder("sh", "-c", "sleep 900 & sleep 900").start();
      case THROW -> throw new IllegalStateException("as it was told");
      case THROW_ONCE -> {
        if (attempt == 1) {
          throw new IllegalStateException("as it was told, once");
        }
      }
      case SOFT -> heedASoftTimeout(job);
      case SPIN -> compute(Long.MAX_VALUE);
      case STALL -> Thread.sleep(Long.MAX_VALUE);
      case EXIT -> System.exit(3);
      case HALT, POISON -> Runtime.getRuntime().halt(4);
      case EXIT_ONCE -> {
        if (attempt == 1) {
          System.exit(5);
        }
      }
      case HEAP -> fillTheHeap();
      case STACK -> overflow(1);
      case THREADS -> leaveThreads();
      default -> {}
    }
  }

  private static void compute(long deadlineNanos) {
    while (deadlineNanos == Long.MAX_VALUE || System.nanoTime() < deadlineNanos) {
      Thread.onSpinWait();
    }
  }

  /** As caches without a limit do, but the worker is replaced before it is full. */
  private static void leak() {
    if (Held.LEAKS.size() < MOST_LEAKS) {
      Held.LEAKS.add(new byte[LEAKED_BYTES]);
    }
  }

  private static void heedASoftTimeout(long job) throws InterruptedException {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException asked) {
      if (job % 2 == 0) {
        throw asked;
      }
    }
  }

  private static void fillTheHeap() {
    List<long[]> all = new ArrayList<>();
    while (all.size() < 100_000) {
      all.add(new long[1 << 17]);
    }
  }

  private static long overflow(long depth) {
    return depth > 0 ? overflow(depth + 1) + 1 : 0;
  }

  /** Really to have none left would hit the whole machine; so it says so when it has made many. */
  private static void leaveThreads() {
    for (int i = 0; i < LEFT_THREADS; i++) {
      Thread left = new Thread(() -> sleepForEver());
      left.setDaemon(true);
      left.start();
    }
    throw new OutOfMemoryError("unable to create native thread");
  }

  private static void sleepForEver() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }
}
