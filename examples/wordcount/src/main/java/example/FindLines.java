package example;

import dev.forkyard.worker.Emitter;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.StreamHandler;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;

/** Emits the lines of a file that have a word in them. */
public final class FindLines implements StreamHandler<FindLines.Query, String> {

  /** What to find, and where. */
  public record Query(String file, String word) {}

  @Override
  public void handle(Query query, Emitter<String> out, JobContext context) throws Exception {
    try (BufferedReader lines = Files.newBufferedReader(Path.of(query.file()))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains(query.word())) {
          out.emit(line);
        }
      }
    }
  }
}
