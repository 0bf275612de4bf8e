package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;

/** Writes the ends of jobs to the standard output. */
interface ResultPrinter {

  void print(JobEnd end) throws IOException;

  /** Hands on what is buffered. */
  void flush() throws IOException;
}
