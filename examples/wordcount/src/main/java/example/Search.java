package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A regular expression from a stranger may never end: a job with a timeout does. */
public final class Search implements JobHandler<Search.Query, Search.Hits> {

  public record Query(String file, String expression) {}

  public record Hits(String file, List<String> lines) {}

  @Override
  public Hits handle(Query query, JobContext context) throws IOException {
    Pattern pattern = Pattern.compile(query.expression());
    try (Stream<String> lines = Files.lines(Path.of(query.file()))) {
      return new Hits(query.file(), lines.filter(pattern.asPredicate()).toList());
    }
  }
}
