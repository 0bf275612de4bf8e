package dev.forkyard.pool;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The worker process died while it ran the job, or before the job's reply arrived; or, where a job
 * of a broadcast was for this worker alone, before it began.
 */
public sealed class WorkerLostException extends JobException permits PoisonJobException {

  private static final long serialVersionUID = 1L;

  private final @Nullable WorkerDeath death;
  private final boolean finished;

  WorkerLostException(String message, WorkerDeath death, boolean finished, JobReport report) {
    super(message, null, report);
    this.death = death;
    this.finished = finished;
  }

  /** The exit code; empty if a signal ended the process or its end was never seen. */
  public OptionalInt exitCode() {
    return death == null || death.exitCode() < 0 || death.signal() != null
        ? OptionalInt.empty()
        : OptionalInt.of(death.exitCode());
  }

  /**
   * The signal that ended the process, such as {@code SIGKILL}. It is inferred: the JDK reports 128
   * + n for signal n, which a program that halts with that code can imitate. For a JVM that crashed
   * it is the signal that its crash report names.
   */
  public Optional<String> signal() {
    return Optional.ofNullable(death == null ? null : death.signal());
  }

  /**
   * Whether the JVM ended itself because memory was exhausted, or the kernel did because the
   * machine's or container's was. The former is inferred from exit code 3, the line that the VM
   * prints, and that no shutdown hook ran; the latter from a SIGKILL, and that the kernel ended
   * processes for want of memory while the worker lived, one of which may have been another.
   */
  public boolean outOfMemory() {
    return death != null && death.outOfMemory();
  }

  /**
   * The last of what the worker wrote to its standard output and error, interleaved; at most 8 KiB.
   */
  public String outputTail() {
    return death == null ? "" : death.outputTail();
  }

  /** The JVM's crash report ({@code hs_err}), where it wrote one. */
  public Optional<Path> crashReport() {
    return Optional.ofNullable(death == null ? null : death.crashReport()).map(Path::of);
  }

  /**
   * The beginning of the JVM's crash report, which tells the signal, the frame that caused it and
   * the version; at most 4 KiB, and empty where it wrote none.
   */
  public String crashReportHead() {
    return death == null ? "" : death.crashReportHead();
  }

  /**
   * Whether the pool killed the worker since it showed no sign of life: it was stopped, or its JVM
   * was stuck.
   */
  public boolean frozen() {
    return death != null && death.wasFrozen();
  }

  /**
   * Whether the job had ended and only its reply was lost; such a job is never run again by itself.
   */
  public boolean finished() {
    return finished;
  }
}
