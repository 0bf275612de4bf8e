package example;

import dev.forkyard.pool.JobFailedException;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.JobOutcome;
import dev.forkyard.pool.JobTimeoutException;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerLostException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Documents of which one hangs, one exhausts the memory and one exits: each costs its own text. */
public final class DocumentTexts {

  public static void main(String[] args) throws IOException {
    try (TestDocuments documents = new TestDocuments()) {
      documents.addMock("hangs.xml", "<hang millis=\"600000\" heavy=\"true\" pulse_millis=\"10\"/>");
      documents.addMock("takes-all-memory.xml", "<oom/>");
      documents.addMock("exits.xml", "<system_exit/>");
      documents.addMock("throws.xml", "<throw class=\"java.io.IOException\">no document</throw>");
      extract(documents.files());
    }
  }

  private static void extract(List<String> files) {
    JobOptions options = JobOptions.timeout(Duration.ofSeconds(20));
    AtomicInteger read = new AtomicInteger();
    try (ProcessPool pool =
            ProcessPool.builder().workerHeapBytes(256 << 20).defaultOptions(options).build();
        Stream<JobOutcome<String, String>> outcomes = pool.mapOutcomes(ExtractText.class, files)) {
      outcomes.forEach(
          outcome -> {
            if (outcome.ok()) {
              read.incrementAndGet();
            } else {
              Path file = Path.of(outcome.input()).getFileName();
              System.out.println(file + ": " + why(outcome.error()));
            }
          });
    }
    System.out.println(read + " of " + files.size() + " documents read");
  }

  private static String why(Throwable error) {
    if (error instanceof JobTimeoutException late) {
      return "stopped after " + late.timeout().toSeconds() + " s";
    } else if (error instanceof WorkerLostException lost) {
      return lost.outOfMemory() ? "out of memory" : "exit code " + lost.exitCode().orElse(-1);
    } else if (error instanceof JobFailedException failed) {
      return failed.errorClass();
    }
    return error.toString();
  }
}
