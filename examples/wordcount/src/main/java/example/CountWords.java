package example;

import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import java.time.Duration;

public final class CountWords {
  public static void main(String[] args) {
    try (ProcessPool pool = ProcessPool.builder().workers(2).build()) {
      JobOptions options = JobOptions.timeout(Duration.ofSeconds(5)).withRetries(1);
      JobFuture<Long> words = pool.submit(WordCount.class, "one two three", options);
      JobFuture<Integer> answer = pool.submit(() -> 6 * 7);
      System.out.println(words.join() + " words, " + answer.join());
    }
  }
}
