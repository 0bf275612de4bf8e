package dev.forkyard.pool;

import dev.forkyard.protocol.Frame.FailureKind;
import org.jspecify.annotations.Nullable;

/**
 * The handler threw, or could not be used, or a value could not be encoded or decoded. The worker's
 * exception comes as text, since the master may not have its class; its stack trace is the
 * {@linkplain #getCause cause}.
 */
public final class JobFailedException extends JobException {

  private static final long serialVersionUID = 1L;

  /** Where the job failed. */
  public enum Stage {
    /** The handler could not be loaded, made or started. */
    HANDLER,
    /** The input could not be encoded here or decoded in the worker. */
    INPUT,
    /** The handler threw. */
    RUN,
    /** The result could not be encoded in the worker or decoded here. */
    OUTPUT;

    static Stage of(FailureKind kind) {
      return switch (kind) {
        case HANDLER -> HANDLER;
        case INPUT -> INPUT;
        case THROWN -> RUN;
        case OUTPUT -> OUTPUT;
      };
    }
  }

  private final Stage stage;
  private final String errorClass;
  private final @Nullable String errorMessage;
  private final String remoteStack;

  JobFailedException(
      Stage stage,
      String errorClass,
      @Nullable String errorMessage,
      String remoteStack,
      @Nullable Throwable cause,
      JobReport report) {
    super(
        errorMessage == null ? errorClass : errorClass + ": " + errorMessage,
        cause == null ? new RemoteStack(remoteStack) : cause,
        report);
    this.stage = stage;
    this.errorClass = errorClass;
    this.errorMessage = errorMessage;
    this.remoteStack = remoteStack;
  }

  /** An item that a job emitted could not be decoded here. */
  static JobFailedException itemNotDecoded(long jobId, Throwable why) {
    return new JobFailedException(
        Stage.OUTPUT,
        why.getClass().getName(),
        "an item of job " + jobId + " could not be decoded: " + why.getMessage(),
        "",
        why,
        JobReport.withoutRun(jobId, 0));
  }

  /** Where the job failed. */
  public Stage stage() {
    return stage;
  }

  /** The class name of what was thrown. */
  public String errorClass() {
    return errorClass;
  }

  /** The message of what was thrown, null where it had none. */
  public @Nullable String errorMessage() {
    return errorMessage;
  }

  /**
   * The worker's stack trace, as {@link Throwable#printStackTrace} writes it; empty if it failed
   * here.
   */
  public String remoteStack() {
    return remoteStack;
  }

  /**
   * Whether what was thrown is an {@link OutOfMemoryError} that the JVM survived (of direct memory,
   * say).
   */
  public boolean outOfMemory() {
    return errorClass.equals("java.lang.OutOfMemoryError");
  }

  /** Shows the worker's stack where a stack trace is printed; it has none of its own. */
  private static final class RemoteStack extends Throwable {

    private static final long serialVersionUID = 1L;

    RemoteStack(String text) {
      super("in the worker: " + text.stripTrailing(), null, false, false);
    }
  }
}
