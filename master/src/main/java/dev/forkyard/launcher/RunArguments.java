package dev.forkyard.launcher;

import dev.forkyard.launcher.builtin.Builtins;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The arguments of {@code forkyard run}, as they were given. What reads them is picocli, or {@link
 * PlainArguments} without it.
 */
final class RunArguments {

  private static final String HEAP_FORM = "[1-9][0-9]{0,8}[kKmMgG]?";

  @Parameters(
      index = "0",
      paramLabel = "HANDLER",
      description = "A built-in's name (see 'forkyard handlers') or a class on --class-path.")
  String handler = "";

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "INPUT", description = "The inputs.")
  List<String> inputs = List.of();

  @Option(
      names = {"-w", "--workers"},
      paramLabel = "N",
      description = "At most N workers; by default one for each core.")
  int workers = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--slots",
      paramLabel = "N",
      description = {
        "N jobs at a time in each worker, for jobs that wait rather than compute; by default 1.",
        "A worker that dies costs all of them."
      })
  int slots = 1;

  @Option(
      names = {"-cp", "--class-path"},
      paramLabel = "PATH",
      description = "Where workers find the handler, as for 'java -cp'.")
  String classPath = "";

  @Option(
      names = {"-J", "--jvm-option"},
      paramLabel = "OPT",
      description = "An option for the workers' JVM, such as -J-Xmx1g; may be repeated.")
  List<String> jvmOptions = List.of();

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "TIME",
      converter = RunCommand.TimeConverter.class,
      description = "Kill a job that runs longer: 500ms, 30s, 1.5s, 2m, 1h.")
  @Nullable Duration timeout;

  @Option(
      names = {"-r", "--retries"},
      paramLabel = "N",
      description = "Run a job up to N more times when its worker is lost.")
  int retries;

  @Option(
      names = "--halt",
      paramLabel = "N|P%",
      description = {
        "End at once when N jobs have failed, or P percent of those that ended (of ten at least);",
        "the exit code is then 3."
      })
  @Nullable String halt;

  @Option(
      names = "--journal",
      paramLabel = "FILE",
      description = {
        "Note in FILE which inputs are done, and skip those that stand there already:",
        "so a run that was broken off, or of which jobs failed, is resumed by the same command."
      })
  @Nullable String journal;

  @Option(names = "--unordered", description = "Write results as the jobs end.")
  boolean unordered;

  @Option(
      names = "--json",
      description =
          "Write one JSON object a line, failed jobs too: job, input, ok, result or error and kind,"
              + " worker, attempt, ms.")
  boolean json;

  @Option(
      names = {"-0", "--null"},
      description = "Inputs on stdin and results end with NUL instead of a newline.")
  boolean nullSeparated;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress bar and no summary.")
  boolean quiet;

  @Option(
      names = "--verbose",
      description = "For failed jobs also the worker's stack, thread dump or last output.")
  boolean verbose;

  @Option(
      names = "--master-heap",
      paramLabel = "SIZE",
      description = {
        "Heap of this process, not of the workers: 64m, 1g; by default 256m.",
        "One input or result may take up to an eighth of it."
      })
  @Nullable String masterHeap;

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException if one is wrong; the message tells which and why
   */
  RunPlan plan() throws IOException {
    atLeast(1, "--workers", workers);
    atLeast(0, "--retries", retries);
    if (slots < 1 || slots > ProcessPool.MAX_SLOTS) {
      throw wrong("--slots must be between 1 and " + ProcessPool.MAX_SLOTS + ", but is " + slots);
    }
    if (masterHeap != null && !masterHeap.matches(HEAP_FORM)) {
      throw wrong("--master-heap must be a size such as 64m or 1g, but is '" + masterHeap + "'");
    }
    for (String option : jvmOptions) {
      if (!option.startsWith("-")) {
        throw wrong("--jvm-option must begin with -, but is '" + option + "'");
      }
    }
    JobOptions options = JobOptions.retries(retries);
    return new RunPlan(
        handlerClass(),
        inputs,
        inputs.isEmpty() ? workers : Math.min(workers, (inputs.size() + slots - 1) / slots),
        slots,
        workerClassPath(),
        jvmOptions,
        timeout == null ? options : options.withTimeout(timeout),
        halt == null ? Halt.NEVER : Halt.parse(halt),
        journal == null ? null : journalPath(journal),
        unordered,
        json,
        nullSeparated,
        quiet,
        verbose);
  }

  private static void atLeast(int least, String option, int value) {
    if (value < least) {
      throw wrong(option + " must be at least " + least + ", but is " + value);
    }
  }

  /** A name without a package can be a user's class only where there is a class path to look at. */
  private String handlerClass() {
    return Builtins.className(handler)
        .orElseGet(
            () -> {
              if (classPath.isEmpty() && handler.indexOf('.') < 0) {
                throw wrong(
                    "no handler "
                        + OneLine.quoted(handler)
                        + ": it is no built-in (see 'forkyard handlers'), and without --class-path"
                        + " no class either");
              }
              return handler;
            });
  }

  private List<Path> workerClassPath() throws IOException {
    try {
      return WorkerClassPath.of(WorkerClassPath.library(), classPath);
    } catch (InvalidPathException e) {
      throw wrong("--class-path: " + e.getMessage());
    }
  }

  private static Path journalPath(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw wrong("--journal: " + e.getMessage());
    }
  }

  private static IllegalArgumentException wrong(String message) {
    return new IllegalArgumentException(message);
  }
}
