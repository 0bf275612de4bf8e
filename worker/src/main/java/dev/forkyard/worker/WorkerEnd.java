package dev.forkyard.worker;

import org.jspecify.annotations.Nullable;

/**
 * How a worker comes to its end: with its process, or, where it lives in its master's, with its
 * threads. What ends it does not return: the process is gone, or {@link Ended} is thrown.
 */
interface WorkerEnd {

  /** It leaves a thread of a worker that has no process of its own. */
  final class Ended extends Error {

    private static final long serialVersionUID = 1;

    Ended() {
      super("this worker has ended", null, false, false);
    }
  }

  /** At once. */
  void halt(int code);

  /** It has drained. */
  void exit();

  /** It can't be made ready for jobs; says why to whoever looks for the reason of its end. */
  void failed(String why);

  /**
   * The connection has ended, and without its master a worker has no business.
   *
   * @param thrown where the thread that reads threw something
   */
  void disconnected(@Nullable Throwable thrown);

  /** It was condemned: it starts nothing more, answers nothing, and is about to be killed. */
  void condemned();

  /** Whether it has ended, so that nobody's hooks are to be called any more. */
  boolean isOver();

  /** Where handlers are looked for. */
  ClassLoader classLoader();
}
