package dev.forkyard.worker;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A worker ends with its process. */
final class ProcessEnd implements WorkerEnd {

  /** A shutdown hook that hangs must not keep a worker, and its job, for ever. */
  private static final long EXIT_NANOS = 5_000_000_000L;

  private volatile boolean exiting;

  /** The JVM is about to exit by itself. */
  void exiting() {
    exiting = true;
  }

  @Override
  public void halt(int code) {
    Runtime.getRuntime().halt(code);
  }

  @Override
  public void exit() {
    System.exit(0);
  }

  @Override
  public void failed(String why) {
    System.err.println(why);
    Runtime.getRuntime().halt(1);
  }

  @Override
  public void disconnected(@Nullable Throwable thrown) {
    try {
      if (thrown instanceof Error) {
        thrown.printStackTrace();
      }
      if (exiting) {
        letHooksRun();
      }
    } finally {
      Runtime.getRuntime().halt(exiting || thrown instanceof Error ? 1 : 0);
    }
  }

  /** On whoever reads: other shutdown hooks have their time, but no more than that. */
  private static void letHooksRun() {
    long deadline = System.nanoTime() + EXIT_NANOS;
    for (long left = EXIT_NANOS; left > 0; left = deadline - System.nanoTime()) {
      LockSupport.parkNanos(left);
      Thread.interrupted();
    }
  }

  @Override
  public void condemned() {
    while (true) {
      LockSupport.park();
      Thread.interrupted();
    }
  }

  @Override
  public boolean isOver() {
    return false;
  }

  @Override
  public ClassLoader classLoader() {
    return WorkerMain.class.getClassLoader();
  }
}
