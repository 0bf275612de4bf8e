package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;

public final class WordCount implements JobHandler<String, Long> {
  @Override
  public Long handle(String text, JobContext context) {
    return (long) text.split("\\s+").length;
  }
}
