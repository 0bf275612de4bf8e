package dev.forkyard.benchmarks.probe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One end of a blocking connection: reads what there is, and writes what was collected at once. */
final class BlockingJobs {

  private static final int BUFFER_BYTES = 64 << 10;

  private final SocketChannel channel;
  private final JobReader reader = new JobReader();
  private final ByteBuffer input =
      ByteBuffer.allocateDirect(BUFFER_BYTES + JobWriter.MAX_HEADER_BYTES).limit(0);
  private final ByteBuffer output =
      ByteBuffer.allocateDirect(BUFFER_BYTES + JobWriter.MAX_HEADER_BYTES);

  BlockingJobs(SocketChannel channel) {
    this.channel = channel;
  }

  /** Waits for more, and hands over all jobs that are there then; false at the end. */
  boolean read(JobReader.Sink sink) throws IOException {
    input.compact();
    int count = channel.read(input);
    input.flip();
    reader.read(input, sink);
    return count >= 0;
  }

  /** Collects a job; only what does not fit is written now. */
  void add(long id, byte[] payload) throws IOException {
    if (output.remaining() < JobWriter.MAX_HEADER_BYTES) {
      flush();
    }
    JobWriter.header(output, id, payload.length);
    int taken = 0;
    while (taken < payload.length) {
      if (!output.hasRemaining()) {
        flush();
      }
      int count = Math.min(output.remaining(), payload.length - taken);
      output.put(payload, taken, count);
      taken += count;
    }
  }

  void flush() throws IOException {
    output.flip();
    while (output.hasRemaining()) {
      channel.write(output);
    }
    output.clear();
  }
}
