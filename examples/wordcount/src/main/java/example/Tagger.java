package example;

import dev.forkyard.pool.ProcessPool;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.WorkerContext;
import java.util.Map;

/** Tags words by a dictionary, which each worker is given once. */
public final class Tagger implements JobHandler<String, String> {

  private final Map<String, String> dictionary;
  private String unknown = "?";

  /** Tags by this dictionary. */
  public Tagger(Map<String, String> dictionary) {
    this.dictionary = dictionary;
  }

  @Override
  public void start(WorkerContext context) {
    unknown = context.setting("unknown").orElse(unknown);
  }

  @Override
  public String handle(String word, JobContext context) {
    return word + "/" + dictionary.getOrDefault(word, unknown);
  }

  /** Tags its arguments. */
  public static void main(String[] words) {
    Map<String, String> dictionary = Map.of("the", "DET", "dog", "NOUN", "barks", "VERB");
    try (ProcessPool pool =
        ProcessPool.builder()
            .handler(Tagger.class, () -> new Tagger(dictionary))
            .setting("unknown", "X")
            .warmUp(Tagger.class, "dog")
            .build()) {
      for (String word : words) {
        System.out.println(pool.submit(Tagger.class, word).join());
      }
    }
  }
}
