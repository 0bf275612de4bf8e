package dev.forkyard.benchmarks.soak;

import dev.forkyard.pool.JobOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;

/**
 * What a job does, how often among all, and how it may end by itself. Any may also be lost or
 * cancelled by what is done to it.
 */
enum JobKind {
  ECHO(3000),
  LAMBDA(800),
  COMPUTE(300),
  SLEEP(150),
  LARGE(60),
  LEAK(60),
  CHILDREN(15),
  IMPATIENT(300),
  THROW(200),
  THROW_ONCE(100),
  SOFT(15),
  SPIN(8),
  STALL(8),
  EXIT(6),
  HALT(6),
  EXIT_ONCE(8),
  POISON(3),
  HEAP(6),
  STACK(6),
  THREADS(4);

  private static final int RETRIES = 2;
  private static final JobKind[] KINDS = values();
  private static final int ALL = Arrays.stream(KINDS).mapToInt(kind -> kind.share).sum();

  private final int share;

  JobKind(int share) {
    this.share = share;
  }

  static JobKind pick(Random random) {
    int left = random.nextInt(ALL);
    for (JobKind kind : KINDS) {
      left -= kind.share;
      if (left < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("the shares do not add up");
  }

  static JobKind of(int ordinal) {
    return KINDS[ordinal];
  }

  /** Whether it may end so by itself. */
  boolean mayBe(Ending ending) {
    return switch (this) {
      case IMPATIENT -> ending == Ending.SUCCEEDED || ending == Ending.EXPIRED;
      case SOFT -> ending == Ending.SUCCEEDED || ending == Ending.TIMED_OUT;
      case SPIN, STALL -> ending == Ending.TIMED_OUT;
      case THROW, STACK, THREADS -> ending == Ending.FAILED;
      case EXIT, HALT, POISON, HEAP -> ending == Ending.LOST;
      default -> ending == Ending.SUCCEEDED;
    };
  }

  int retries(Random random) {
    return switch (this) {
      case THROW_ONCE, EXIT_ONCE, POISON -> RETRIES;
      case ECHO, COMPUTE, SLEEP, LARGE -> random.nextInt(3) == 0 ? RETRIES : 0;
      default -> 0;
    };
  }

  JobOptions options(int retries, Random random) {
    JobOptions options = JobOptions.retries(retries);
    if (retries > 0 && random.nextBoolean()) {
      options = options.withBackoff(Duration.ofMillis(5), Duration.ofMillis(40));
    }
    return switch (this) {
      case IMPATIENT -> options.withQueueTimeout(Duration.ofMillis(1 + random.nextInt(400)));
      case THROW_ONCE -> options.withRetriedExceptions(IllegalStateException.class);
      case SOFT -> options.withSoftTimeout(Duration.ofMillis(100));
      case SPIN -> options.withTimeout(Duration.ofMillis(100 + random.nextInt(200)));
      case STALL -> options.withStallTimeout(Duration.ofMillis(100 + random.nextInt(200)));
      default -> options;
    };
  }

  /** Bytes of its input, and so of its result. */
  int bytes(Random random) {
    return this == LARGE ? 1 + random.nextInt(4 << 20) : random.nextInt(1024);
  }
}
