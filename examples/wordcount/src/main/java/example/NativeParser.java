package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobDefaults;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Keeps a directory of its own for as long as its worker lives. */
@JobDefaults(timeoutMillis = 30_000, retries = 1)
public final class NativeParser implements JobHandler<byte[], Long> {

  private Path scratch = Path.of("");

  @Override
  public void start() throws IOException {
    scratch = Files.createTempDirectory("parser");
  }

  @Override
  public Long handle(byte[] document, JobContext context) throws IOException {
    Path file = Files.write(scratch.resolve("job-" + context.jobId()), document);
    try {
      return Files.size(file); // here a library would read the file
    } finally {
      Files.delete(file);
    }
  }

  @Override
  public void stop() throws IOException {
    try (Stream<Path> left = Files.list(scratch)) {
      for (Path file : left.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(scratch);
  }
}
