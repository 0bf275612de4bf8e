package dev.forkyard.benchmarks.real;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;

/** The line ends in a chunk. */
public final class CountLines implements JobHandler<String, Long> {

  @Override
  public Long handle(String chunk, JobContext context) throws Exception {
    return run(chunk);
  }

  static long run(String chunk) throws IOException {
    long lines = 0;
    for (byte next : Chunk.parse(chunk).read()) {
      lines += next == '\n' ? 1 : 0;
    }
    return lines;
  }
}
