package dev.forkyard.worker;

import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A worker on threads of its master's own process, for debugging and for tests: it speaks to the
 * pool as others do, over a socket and through all codecs, but nothing can stop it for certain. For
 * the pool's own use.
 *
 * <p>A kill closes its connection and interrupts its jobs; from then on it counts as ended, and
 * each of its threads goes when its job returns.
 */
public final class InProcessWorker implements WorkerEnd {

  /** Hears of its end. */
  @FunctionalInterface
  public interface Listener {

    /**
     * It has ended; called once.
     *
     * @param code as a process would exit with
     * @param why in words, where it could not be made ready for jobs
     */
    void ended(int code, @Nullable String why);
  }

  private static final int KILLED = 137;
  private static final long LOOK_NANOS = 10_000_000;

  /** How many pools are around the handlers of a thread, and of those that it starts. */
  private static final InheritableThreadLocal<Integer> DEPTH = new InheritableThreadLocal<>();

  private final long workerId;
  private final Scoreboard scoreboard;
  private final ClassLoader loader;
  private final int depth;
  private final Listener listener;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable MasterChannel channel;
  private volatile @Nullable JobThreads jobThreads;

  /**
   * Makes one that has not begun.
   *
   * @param loader where handlers are looked for
   * @param depth how many pools in this process are around its handlers, which they find by {@link
   *     #depthHere}
   */
  public InProcessWorker(
      long workerId, Scoreboard scoreboard, ClassLoader loader, int depth, Listener listener) {
    this.workerId = workerId;
    this.scoreboard = scoreboard;
    this.loader = loader;
    this.depth = depth;
    this.listener = listener;
  }

  /**
   * Greets the master, and from then on hears what it sends, on a thread of its own; does nothing
   * where it was killed before.
   *
   * @param setup as {@link WorkerSetup#encode} wrote it
   */
  public void begin(byte[] token, String address, byte[] setup) {
    if (over.get()) {
      return;
    }
    try {
      Thread reader =
          new Thread(() -> run(token, address, setup), "forkyard-in-process-" + workerId);
      reader.setDaemon(true);
      reader.setContextClassLoader(loader);
      reader.start();
    } catch (RuntimeException | Error noThread) {
      end(1, "could not be started here: " + noThread);
    }
  }

  /** Of this thread; 0 outside of such workers. */
  public static int depthHere() {
    Integer depth = DEPTH.get();
    return depth == null ? 0 : depth;
  }

  private void run(byte[] token, String address, byte[] setup) {
    DEPTH.set(depth);
    JobThreads jobs = new JobThreads(scoreboard, WorkerSetup.decode(ByteBuffer.wrap(setup)), this);
    jobs.setDaemon();
    jobThreads = jobs;
    try {
      jobs.warmUp();
      leaveIfOver();
      MasterChannel connected = MasterChannel.connect(address);
      channel = connected;
      if (over.get()) {
        connected.close();
      }
      WorkerMain worker = new WorkerMain(workerId, connected, scoreboard, this);
      worker.serve(worker.greet(token), jobs);
    } catch (Ended itself) {
      // Its end was told.
    } catch (IOException | RuntimeException | Error broken) {
      end(1, "could not be started here: " + broken);
    } finally {
      jobs.giveUp();
    }
  }

  private void leaveIfOver() {
    if (over.get()) {
      throw new Ended();
    }
  }

  /** What can be done: its jobs are interrupted, and nobody hears of it any more. */
  public void kill() {
    end(KILLED, null);
    JobThreads jobs = jobThreads;
    if (jobs != null) {
      jobs.interrupt();
    }
  }

  private void end(int code, @Nullable String why) {
    if (over.compareAndSet(false, true)) {
      MasterChannel open = channel;
      if (open != null) {
        open.close();
      }
      listener.ended(code, why);
    }
  }

  @Override
  public void halt(int code) {
    end(code, null);
    throw new Ended();
  }

  @Override
  public void exit() {
    halt(0);
  }

  @Override
  public void failed(String why) {
    end(1, why);
    throw new Ended();
  }

  @Override
  public void disconnected(@Nullable Throwable thrown) {
    halt(0);
  }

  /** The kill is near, and until then the master is still to be told where the job was. */
  @Override
  public void condemned() {
    while (!over.get()) {
      LockSupport.parkNanos(LOOK_NANOS);
      Thread.interrupted();
    }
    throw new Ended();
  }

  @Override
  public boolean isOver() {
    return over.get();
  }

  @Override
  public ClassLoader classLoader() {
    return loader;
  }
}
