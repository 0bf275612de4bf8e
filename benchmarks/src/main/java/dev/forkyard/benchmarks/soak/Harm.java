package dev.forkyard.benchmarks.soak;

import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Does to a pool's workers what nobody should, and to the pool what its owner may. */
final class Harm {

  /** One thing that is done, and its share of all. */
  enum Deed {
    KILL(10),
    /** Stopped for good: it is to be found out. */
    STOP(4),
    /** Stopped for a moment. */
    PAUSE(4),
    RESIZE(3),
    RECYCLE(2),
    RELOAD(2),
    /** With an option that no JVM has. */
    BAD_RELOAD(1);

    private static final Deed[] DEEDS = values();
    private static final int ALL = Arrays.stream(DEEDS).mapToInt(deed -> deed.share).sum();

    private final int share;

    Deed(int share) {
      this.share = share;
    }

    static Deed of(int ordinal) {
      return DEEDS[ordinal];
    }

    static Deed pick(Random random) {
      int left = random.nextInt(ALL);
      for (Deed deed : DEEDS) {
        left -= deed.share;
        if (left < 0) {
          return deed;
        }
      }
      throw new IllegalStateException("the shares do not add up");
    }
  }

  private static final int RELOAD_SECONDS = 90;

  private final ProcessPool pool;
  private final int workers;
  private final Ledger ledger;
  private final Random random;
  private final List<Path> classPath;
  private final List<String> jvmOptions;
  private final List<CompletableFuture<?>> reloads = new ArrayList<>();

  Harm(
      ProcessPool pool,
      int workers,
      Ledger ledger,
      Random random,
      List<Path> classPath,
      List<String> jvmOptions) {
    this.pool = pool;
    this.workers = workers;
    this.ledger = ledger;
    this.random = random;
    this.classPath = classPath;
    this.jvmOptions = jvmOptions;
  }

  /** Does something, now and then, until it is interrupted. */
  void run() {
    try {
      while (true) {
        Thread.sleep(50 + random.nextInt(700));
        act(Deed.pick(random));
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  private void act(Deed deed) throws InterruptedException {
    int number = random.nextInt(1 << 16);
    boolean done =
        switch (deed) {
          case KILL -> signal(number, "KILL");
          case STOP -> signal(number, "STOP");
          case PAUSE -> pause(number);
          case RESIZE -> {
            pool.resize(1 + number % (workers + 2));
            yield true;
          }
          case RECYCLE -> {
            pool.recycle();
            yield true;
          }
          case RELOAD -> reload(jvmOptions);
          case BAD_RELOAD -> {
            List<String> bad = new ArrayList<>(jvmOptions);
            bad.add("-XX:+NoJvmHasThis");
            yield reload(bad);
          }
        };
    if (done) {
      ledger.note(0, Note.What.HARMED, Note.detail(deed, 0));
    }
  }

  private boolean reload(List<String> options) {
    reloads.add(pool.reload(classPath, options));
    return true;
  }

  private boolean pause(int number) throws InterruptedException {
    long pid = victim(number);
    if (pid == 0 || !signal(pid, "STOP")) {
      return false;
    }
    try {
      Thread.sleep(number % 1500);
    } finally {
      signal(pid, "CONT");
    }
    return true;
  }

  private boolean signal(int number, String name) throws InterruptedException {
    long pid = victim(number);
    return pid != 0 && signal(pid, name);
  }

  /** One that has greeted: those that boot have half a minute's time, and the pool a budget. */
  private long victim(int number) {
    List<Long> pids =
        pool.workers().stream()
            .filter(worker -> worker.state() != WorkerInfo.State.STARTING)
            .map(WorkerInfo::pid)
            .filter(pid -> pid > 0)
            .toList();
    return pids.isEmpty() ? 0 : pids.get(number % pids.size());
  }

  private static boolean signal(long pid, String name) throws InterruptedException {
    try {
      return new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid + " 2>&-").start().waitFor()
          == 0;
    } catch (IOException e) {
      throw new IllegalStateException("no shell can be started", e);
    }
  }

  /** Waits until all that was begun is done, one way or the other; false if that takes too long. */
  boolean isOver() throws InterruptedException {
    for (CompletableFuture<?> reload : reloads) {
      try {
        reload.get(RELOAD_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException rolledBack) {
        // Its workers were killed, or could not start: as it should be.
      } catch (TimeoutException never) {
        return false;
      }
    }
    reloads.clear();
    return true;
  }
}
