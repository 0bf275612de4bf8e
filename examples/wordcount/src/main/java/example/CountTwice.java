package example;

import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import java.util.List;

/** Counts the words of a document twice on one worker, and once more on each. */
public final class CountTwice {

  private CountTwice() {}

  public static void main(String[] args) {
    String document = "a.txt";
    String text = "one two three";
    try (ProcessPool pool = ProcessPool.builder().workers(2).build()) {
      JobFuture<Long> first = pool.submit(WordCount.class, text, JobOptions.affinity(document));
      JobFuture<Long> again = pool.submit(WordCount.class, text, JobOptions.affinity(document));
      List<JobFuture<Long>> everywhere = pool.broadcast(WordCount.class, text);
      System.out.println(first.join() + ", " + again.join());
      everywhere.forEach(count -> System.out.println(count.join()));
    }
  }
}
