package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.JobTimeoutException;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.worker.TestJobContext;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class WordCountTest {

  // Its workers have the class path of this test.
  private static final ProcessPool pool = ProcessPool.builder().workers(1).build();

  @AfterAll
  static void close() {
    pool.close();
  }

  @Test
  void countsWordsWithoutAnyProcess() {
    long words = new WordCount().handle("one two three", new TestJobContext());
    assertEquals(3, words);
  }

  @Test
  void countsWordsInAWorker() throws Exception {
    assertEquals(3, pool.submit(WordCount.class, "one two three").get());
  }

  @Test
  void isStoppedWhereItTakesTooLong() {
    JobOptions options = JobOptions.timeout(Duration.ofMillis(200));
    var failure =
        assertThrows(ExecutionException.class, () -> pool.submit(() -> spin(), options).get());
    assertEquals(JobTimeoutException.class, failure.getCause().getClass());
  }

  private static String spin() {
    while (true) {
      Thread.onSpinWait();
    }
  }
}
