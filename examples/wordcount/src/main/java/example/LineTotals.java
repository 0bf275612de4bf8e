package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Counts the lines of many files, tells how far it has got, and can be told that it is enough. */
public final class LineTotals implements JobHandler<List<String>, Long> {

  /** How far it has got. */
  public record Done(int files, int of) {}

  /** No further file. */
  public record Enough() {}

  @Override
  public Long handle(List<String> files, JobContext context) throws Exception {
    long total = 0;
    for (int i = 0; i < files.size(); i++) {
      if (context.receive(Enough.class, Duration.ZERO).isPresent()) {
        break;
      }
      try (Stream<String> lines = Files.lines(Path.of(files.get(i)))) {
        total += lines.count();
      }
      context.send(new Done(i + 1, files.size()));
    }
    return total;
  }
}
