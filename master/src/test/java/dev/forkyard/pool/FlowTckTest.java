package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.worker.Emitter;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.StreamHandler;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.ITestResult;
import org.testng.TestListenerAdapter;
import org.testng.TestNG;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/** What a pool publishes, held by the Reactive Streams TCK for {@link Flow}. */
class FlowTckTest {

  /** Emits so many numbers. */
  public static final class Numbers implements StreamHandler<Long, Long> {
    @Override
    public void handle(Long count, Emitter<Long> out, JobContext context) throws Exception {
      for (long i = 0; i < count; i++) {
        out.emit(i);
      }
    }
  }

  /** Run by TestNG, in the test below. */
  public static final class Verification extends FlowPublisherVerification<Long> {

    private static final long SIGNAL_MILLIS = 10_000;

    /** Within this nothing that is forbidden may come. */
    private static final long NO_SIGNAL_MILLIS = 100;

    /** After this it is looked whether an error has come, again and again; by default once. */
    private static final long LOOK_MILLIS = 10;

    /** After this a subscriber that has cancelled must be garbage. */
    private static final long GARBAGE_MILLIS = 2_000;

    private ProcessPool pool;
    private ProcessPool closed;

    public Verification() {
      super(new TestEnvironment(SIGNAL_MILLIS, NO_SIGNAL_MILLIS, LOOK_MILLIS), GARBAGE_MILLIS);
    }

    @BeforeClass
    public void start() {
      pool = ProcessPool.builder().workers(2).workerHeapBytes(64 << 20).build();
      closed = ProcessPool.builder().workers(1).workerHeapBytes(64 << 20).build();
      closed.close();
    }

    @AfterClass(alwaysRun = true)
    public void stop() {
      pool.shutdownNow();
      pool.close();
    }

    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
      return pool.stream(Numbers.class, elements);
    }

    @Override
    public Flow.Publisher<Long> createFailedFlowPublisher() {
      return closed.stream(Numbers.class, 1L);
    }
  }

  @Test
  @Timeout(300)
  void theVerificationPasses() {
    TestListenerAdapter results = new TestListenerAdapter();
    TestNG tck = new TestNG(false);
    tck.setVerbose(0);
    tck.setTestClasses(new Class<?>[] {Verification.class});
    tck.addListener(results);
    tck.run();
    assertThat(results.getFailedTests()).as(() -> failures(results)).isEmpty();
    assertThat(results.getConfigurationFailures()).isEmpty();
    // What the TCK says it can't verify is the only thing that is left out.
    assertThat(results.getSkippedTests())
        .extracting(ITestResult::getName)
        .allMatch(name -> name.startsWith("untested_"));
    assertThat(results.getPassedTests()).hasSizeGreaterThanOrEqualTo(31);
  }

  private static String failures(TestListenerAdapter results) {
    StringBuilder all = new StringBuilder();
    for (ITestResult each : results.getFailedTests()) {
      all.append(each.getName()).append(": ").append(each.getThrowable()).append('\n');
    }
    return all.toString();
  }
}
