package dev.forkyard.benchmarks.workload;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;

/** Answers with its input, so that only the way there and back is measured. */
public final class Echo implements JobHandler<byte[], byte[]> {

  @Override
  public byte[] handle(byte[] input, JobContext context) {
    return input;
  }
}
