package dev.forkyard.launcher;

import dev.forkyard.pool.PoolStats;
import dev.forkyard.pool.ProcessPool;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Runs one batch in a pool of its own, and ends the pool whatever happens. */
final class Run {

  private static final int OUTPUT_BUFFER_BYTES = 1 << 16;
  private static final int LEAST_FRAME_BYTES = 1 << 20;
  private static final int MOST_FRAME_BYTES = 128 << 20;
  private static final int FRAMES_IN_HEAP = 8;

  /** Workers that have no job left end by themselves, unless a stop hook hangs. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private final RunPlan plan;
  private final Terminal terminal = Terminal.detect();
  private final Console console = new Console(System.err);
  private final long startNanos = System.nanoTime();

  Run(RunPlan plan) {
    this.plan = plan;
  }

  int call() throws IOException, InterruptedException {
    Path file = plan.journal();
    if (file == null) {
      return call(null);
    }
    try (Journal journal = Journal.open(file, plan.handlerClass())) {
      return call(journal);
    }
  }

  private int call(@Nullable Journal journal) throws IOException, InterruptedException {
    ProcessPool pool = pool();
    try (Progress progress = progress()) {
      Batch batch = batch(pool, progress, journal);
      try (Signals signals = Signals.install(batch::stop)) {
        return run(batch, pool, progress, journal);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private int run(Batch batch, ProcessPool pool, Progress progress, @Nullable Journal journal)
      throws IOException, InterruptedException {
    int exitCode;
    try {
      exitCode = batch.run();
    } catch (StandardOutput.Closed e) {
      return StandardOutput.CLOSED_EXIT_CODE;
    }
    PoolStats stats = pool.stats();
    if (batch.stopped()) {
      pool.shutdownNow();
    } else {
      pool.close(CLOSE_LIMIT);
    }
    progress.close();
    if (!plan.quiet()) {
      long skipped = journal == null ? 0 : journal.skipped();
      String before = skipped == 0 ? "" : "; " + skipped + " more were done before";
      console.line("forkyard: " + summary(batch, stats) + before);
    }
    return exitCode;
  }

  private String summary(Batch batch, PoolStats stats) {
    Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
    long workers = Math.min(plan.workers(), stats.started());
    return batch.tally().summary(batch.taken(), elapsed, workers, stats.retried());
  }

  private ProcessPool pool() {
    try {
      return ProcessPool.builder()
          .name("run")
          .workers(plan.workers())
          .minWorkers(plan.fromStdin() ? 0 : plan.workers())
          .slotsPerWorker(plan.slots())
          .queueCapacity(Window.MAX_JOBS)
          .classPath(plan.classPath())
          .jvmOptions(plan.jvmOptions())
          .maxFrameBytes(maxFrameBytes())
          .classDataSharing(!"off".equals(System.getenv("FORKYARD_CDS")))
          .onOutput((worker, line) -> console.line("[worker " + worker + "] " + line))
          .build();
    } catch (IllegalArgumentException e) {
      throw new LauncherException(Launcher.WRONG_USAGE, String.valueOf(e.getMessage()), e);
    } catch (UncheckedIOException e) {
      throw new LauncherException(Launcher.JOB_FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  /** A frame and the few copies of it that are made on the way must fit into this heap. */
  private static int maxFrameBytes() {
    long share = Runtime.getRuntime().maxMemory() / FRAMES_IN_HEAP;
    return (int) Math.max(LEAST_FRAME_BYTES, Math.min(MOST_FRAME_BYTES, share));
  }

  private Progress progress() {
    return plan.quiet() || terminal.columns() == 0
        ? Progress.none()
        : Progress.show(console, terminal.columns(), plan.fromStdin() ? -1 : plan.inputs().size());
  }

  private Batch batch(ProcessPool pool, Progress progress, @Nullable Journal journal)
      throws IOException {
    OutputStream out =
        new BufferedOutputStream(
            new StandardOutput(
                new FileOutputStream(FileDescriptor.out),
                console,
                progress.shown() && terminal.output()),
            OUTPUT_BUFFER_BYTES);
    ResultPrinter printer =
        plan.json() ? new JsonPrinter(out) : new TextPrinter(out, plan.nullSeparated());
    return new Batch(
        journal == null ? source() : journal.remaining(source()),
        new PoolJobs(pool, plan.handler(), plan.options()),
        new Window(plan.workers() * plan.slots()),
        plan.unordered() ? new EndOrder() : new InputOrder(),
        journal == null ? printer : journal.noting(printer),
        console,
        progress,
        plan.verbose(),
        plan.halt());
  }

  private InputSource source() {
    return plan.fromStdin()
        ? new StreamSource(
            new FileInputStream(FileDescriptor.in), plan.nullSeparated(), maxFrameBytes())
        : new ArgumentSource(plan.inputs());
  }
}
