package example;

import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import java.time.Duration;
import java.util.List;

/** Fetches the pages that its arguments name, 32 at a time in two processes. */
final class FetchPages {

  private FetchPages() {}

  public static void main(String[] urls) {
    try (ProcessPool pool =
        ProcessPool.builder()
            .workers(2)
            .slotsPerWorker(16)
            .defaultOptions(JobOptions.timeout(Duration.ofSeconds(10)).withRetries(1))
            .build()) {
      pool.mapOutcomes(PageSize.class, List.of(urls)).forEach(System.out::println);
    }
  }
}
