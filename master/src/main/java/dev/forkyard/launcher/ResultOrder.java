package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.util.OptionalLong;

/** Decides when the end of a job is printed. */
interface ResultOrder {

  /** A job ended: prints it, and whatever waited for it alone. */
  void add(JobEnd end, Printer printer) throws IOException;

  /** No more will come: prints what still waits. */
  void finish(Printer printer) throws IOException;

  /** The number of the job that others wait for, if there is one. */
  OptionalLong waitsFor();

  /** Prints the end of one job. */
  interface Printer {

    void print(JobEnd end) throws IOException;
  }
}
