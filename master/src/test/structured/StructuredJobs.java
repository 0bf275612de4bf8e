import dev.forkyard.pool.HandlerRef;
import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.TextResult;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.StructuredTaskScope.Subtask;

/** Jobs whose futures are waited for in subtasks; run by VirtualThreadsTest, on a JDK that has them. */
public class StructuredJobs {

  private static final HandlerRef<String, TextResult> OBEY =
      HandlerRef.text("dev.forkyard.pool.ProcessPoolTest$Obey");

  private static String run(ProcessPool pool, String order)
      throws InterruptedException, ExecutionException {
    return pool.submit(OBEY, order, JobOptions.defaults()).get().text();
  }

  public static void main(String[] args) throws Exception {
    try (ProcessPool pool = ProcessPool.builder().workers(2).workerHeapBytes(64 << 20).build()) {
      Set<String> results = new HashSet<>();
      try (var scope = StructuredTaskScope.open(Joiner.<String>allSuccessfulOrThrow())) {
        for (int i = 0; i < 1_000; i++) {
          String order = "echo " + i;
          scope.fork(() -> run(pool, order));
        }
        scope.join().map(Subtask::get).forEach(results::add);
      }
      System.out.println("results " + results.size());
      JobFuture<TextResult> job = pool.submit(OBEY, "sleep 600000", JobOptions.defaults());
      try (var scope = StructuredTaskScope.open(Joiner.<String>awaitAllSuccessfulOrThrow())) {
        Subtask<String> waiting = scope.fork(() -> job.get().text());
        scope.fork(() -> run(pool, "throw loud"));
        try {
          scope.join();
        } catch (StructuredTaskScope.FailedException e) {
          System.out.println("failed " + e.getCause().getCause().getMessage().contains("loud"));
        }
        System.out.println("waiting " + waiting.state());
      }
      // Who no longer waits has not cancelled the job.
      System.out.println("running " + pool.stats().running());
      pool.shutdownNow();
    }
  }
}
