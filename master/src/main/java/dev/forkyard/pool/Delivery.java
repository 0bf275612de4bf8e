package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Deadline;
import dev.forkyard.pool.scheduler.Outcome;
import dev.forkyard.protocol.Frame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A job's end on its way from the loop to the thread that decodes it.
 *
 * @param attempt 0 if no worker ever had it
 * @param workerPid 0 if no worker ever had it
 * @param death how the worker ended, where that is what ended the job
 * @param reason why the pool is broken or the job was refused, where that is what ended it; and
 *     what became of the worker, where a deadline did
 */
record Delivery(
    Outcome outcome,
    int attempt,
    long workerPid,
    @Nullable WorkerDeath death,
    String reason,
    long endedNanos) {

  /** As the worker claims, or as it was seen. */
  long runNanos() {
    if (outcome instanceof Outcome.Replied replied) {
      return replied.reply() instanceof Frame.Result result
          ? result.runNanos()
          : ((Frame.Failure) replied.reply()).runNanos();
    } else if (outcome instanceof Outcome.TimedOut timedOut) {
      return timedOut.runNanos();
    }
    return outcome instanceof Outcome.Lost lost ? lost.runNanos() : 0;
  }

  /** Of the encoded result; 0 where there is none. */
  int resultBytes() {
    byte[] value =
        outcome instanceof Outcome.Replied replied && replied.reply() instanceof Frame.Result result
            ? result.value()
            : null;
    return value == null ? 0 : value.length;
  }

  /** The result, or the exception that the future completes with. */
  <O extends @Nullable Object> O decode(JobFuture<O> future) {
    if (outcome instanceof Outcome.Replied replied) {
      if (replied.reply() instanceof Frame.Result result) {
        return decodeResult(future, result);
      }
      JobReport report = future.report();
      JobFailedException failed = failed((Frame.Failure) replied.reply(), report);
      throw future.askedToStop ? stopped(future, failed, report) : failed;
    }
    JobReport report = future.report();
    if (outcome instanceof Outcome.Lost lost) {
      throw lost(future, lost, report);
    } else if (outcome instanceof Outcome.TimedOut timedOut) {
      throw timedOut(future, timedOut, report);
    } else if (outcome instanceof Outcome.Expired) {
      Duration timeout = allowed(future.options().queueTimeout());
      throw new JobTimeoutException(
          job(future) + " waited longer than " + text(timeout) + " for a worker; it never ran",
          JobTimeoutException.Deadline.QUEUE,
          timeout,
          null,
          null,
          report);
    } else if (outcome instanceof Outcome.Gone) {
      throw new WorkerLostException(
          job(future)
              + " was for worker "
              + future.options().workerId()
              + " alone, which ended, or was about to be replaced, before it began; it never ran",
          WorkerDeath.UNSEEN,
          false,
          report);
    } else if (outcome instanceof Outcome.Broken) {
      throw new PoolBrokenException(reason, report);
    } else if (outcome instanceof Outcome.Refused) {
      throw new JobRejectedException(reason);
    }
    throw new CancellationException("job " + future.jobId() + " was cancelled: " + reason);
  }

  @SuppressWarnings("NullAway") // a null result is a value: only the declared type knows
  private <O extends @Nullable Object> O decodeResult(JobFuture<O> future, Frame.Result result) {
    byte[] value = result.value();
    if (value == null) {
      return null;
    }
    try {
      return future.handler().output().decode(value);
    } catch (Throwable e) {
      // Whatever it is, it ends this job and no thread of the pool.
      throw new JobFailedException(
          JobFailedException.Stage.OUTPUT,
          e.getClass().getName(),
          "the result of job " + future.jobId() + " could not be decoded: " + e.getMessage(),
          "",
          e,
          future.report());
    }
  }

  private static String job(JobFuture<?> future) {
    return "job " + future.jobId() + " (" + future.handler() + ")";
  }

  private JobTimeoutException timedOut(
      JobFuture<?> future, Outcome.TimedOut timedOut, JobReport report) {
    boolean stalled = timedOut.deadline() == Deadline.STALL;
    JobOptions options = future.options();
    Duration timeout = allowed(stalled ? options.stallTimeout() : options.timeout());
    return new JobTimeoutException(
        job(future)
            + (stalled ? " told of no progress for " : " ran longer than ")
            + text(timeout)
            + "; "
            + reason,
        stalled ? JobTimeoutException.Deadline.STALL : JobTimeoutException.Deadline.RUN,
        timeout,
        timedOut.dump(),
        null,
        report);
  }

  private static JobTimeoutException stopped(
      JobFuture<?> future, JobFailedException failed, JobReport report) {
    Duration timeout = allowed(future.options().softTimeout());
    return new JobTimeoutException(
        job(future) + " was asked to stop after " + text(timeout) + ", and did",
        JobTimeoutException.Deadline.SOFT,
        timeout,
        null,
        failed,
        report);
  }

  private JobFailedException failed(Frame.Failure failure, JobReport report) {
    return new JobFailedException(
        JobFailedException.Stage.of(failure.kind()),
        failure.className(),
        failure.message(),
        failure.stack(),
        null,
        report);
  }

  /** An attempt that ended with its worker. */
  record Death(int attempt, long workerPid, @Nullable WorkerDeath how, long runNanos) {}

  private WorkerLostException lost(JobFuture<?> future, Outcome.Lost lost, JobReport report) {
    WorkerLostException last = lost(future, death, lost.finished(), report);
    if (lost.finished() || future.deaths().isEmpty()) {
      return last;
    }
    List<WorkerLostException> deaths = new ArrayList<>();
    for (Death each : future.deaths()) {
      JobReport then =
          new JobReport(
              report.jobId(),
              each.attempt,
              each.workerPid > 0 ? OptionalLong.of(each.workerPid) : OptionalLong.empty(),
              Duration.ofNanos(each.runNanos),
              report.totalTime());
      deaths.add(lost(future, each.how, false, then));
    }
    deaths.add(last);
    String message =
        job(future)
            + " is given up, since each of its "
            + deaths.size()
            + " attempts was the end of its worker; the last: "
            + last.getMessage();
    return new PoisonJobException(
        message, death == null ? WorkerDeath.UNSEEN : death, deaths, report);
  }

  private static WorkerLostException lost(
      JobFuture<?> future, @Nullable WorkerDeath death, boolean finished, JobReport report) {
    WorkerDeath seen = death == null ? WorkerDeath.UNSEEN : death;
    StringBuilder message = new StringBuilder();
    message
        .append("worker ")
        .append(report.workerPid().orElse(0))
        .append(' ')
        .append(seen.describe());
    if (finished) {
      message
          .append(" when job ")
          .append(future.jobId())
          .append(" had ended, and its reply is lost");
    } else {
      message.append(" while it ran job ").append(future.jobId());
    }
    message
        .append(" (")
        .append(future.handler())
        .append(", attempt ")
        .append(report.attempt())
        .append(")");
    if (!report.runTime().isZero()) {
      message.append(" for ").append(text(report.runTime()));
    }
    return new WorkerLostException(message.toString(), seen, finished, report);
  }

  private static Duration allowed(@Nullable Duration timeout) {
    return timeout == null ? Duration.ZERO : timeout;
  }

  /** A duration as people write it. */
  static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    String seconds = millis / 1_000 + "." + String.valueOf(1_000 + millis % 1_000).substring(1);
    return seconds.replaceFirst("\\.?0+$", "") + " s";
  }
}
