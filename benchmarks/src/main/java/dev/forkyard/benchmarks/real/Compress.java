package dev.forkyard.benchmarks.real;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;

/** How large a chunk is when gzip has compressed it. */
public final class Compress implements JobHandler<String, Long> {

  @Override
  public Long handle(String chunk, JobContext context) throws Exception {
    return run(chunk);
  }

  static long run(String chunk) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed, Chunk.BYTES)) {
      out.write(Chunk.parse(chunk).read());
    }
    return compressed.size();
  }
}
