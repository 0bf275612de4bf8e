package dev.forkyard.launcher;

import dev.forkyard.launcher.builtin.Builtins;
import dev.forkyard.pool.HandlerRef;
import dev.forkyard.pool.JobOptions;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads and checks the options of {@code forkyard run}, then runs the batch. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Runs one job for each INPUT, or for each line of stdin when there is none.",
      "Results go to stdout, a line each; failed jobs, what handlers print and a summary to stderr."
    },
    footer = {
      "",
      "A newline inside a result is written as \\n; -0 writes results raw and ends them with NUL.",
      "Results are in the order of the inputs. At most 10,000 of them, or 16 MiB, wait behind a",
      "slow job; then no more input is read until it ends.",
      "Exit codes: 0 all well, 1 a job failed, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM",
      "(which lets jobs that were taken go on for up to 10 s)."
    })
final class RunCommand implements Callable<Integer> {

  private static final String HEAP_FORM = "[1-9][0-9]{0,8}[kKmMgG]?";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "HANDLER",
      description = "A built-in's name (see 'forkyard handlers') or a class on --class-path.")
  private String handler = "";

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "INPUT", description = "The inputs.")
  private List<String> inputs = List.of();

  @Option(
      names = {"-w", "--workers"},
      paramLabel = "N",
      description = "At most N workers; by default one for each core.")
  private int workers = Runtime.getRuntime().availableProcessors();

  @Option(
      names = {"-cp", "--class-path"},
      paramLabel = "PATH",
      description = "Where workers find the handler, as for 'java -cp'.")
  private String classPath = "";

  @Option(
      names = {"-J", "--jvm-option"},
      paramLabel = "OPT",
      description = "An option for the workers' JVM, such as -J-Xmx1g; may be repeated.")
  private List<String> jvmOptions = List.of();

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "TIME",
      converter = Durations.class,
      description = "Kill a job that runs longer: 500ms, 30s, 1.5s, 2m, 1h.")
  private @Nullable Duration timeout;

  @Option(
      names = {"-r", "--retries"},
      paramLabel = "N",
      description = "Run a job up to N more times when its worker is lost.")
  private int retries;

  @Option(names = "--unordered", description = "Write results as the jobs end.")
  private boolean unordered;

  @Option(
      names = "--json",
      description =
          "Write one JSON object a line, failed jobs too: job, input, ok, result or error and kind,"
              + " worker, attempt, ms.")
  private boolean json;

  @Option(
      names = {"-0", "--null"},
      description = "Inputs on stdin and results end with NUL instead of a newline.")
  private boolean nullSeparated;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress bar and no summary.")
  private boolean quiet;

  @Option(
      names = "--verbose",
      description = "For failed jobs also the worker's stack, thread dump or last output.")
  private boolean verbose;

  @Option(
      names = "--master-heap",
      paramLabel = "SIZE",
      description = {
        "Heap of this process, not of the workers: 64m, 1g; by default 256m.",
        "One input or result may take up to an eighth of it."
      })
  private @Nullable String masterHeap;

  @Override
  public Integer call() throws IOException, InterruptedException {
    return new Run(check()).call();
  }

  private RunPlan check() throws IOException {
    atLeast(1, "--workers", workers);
    atLeast(0, "--retries", retries);
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
        HandlerRef.text(handlerClass()),
        inputs,
        inputs.isEmpty() ? workers : Math.min(workers, inputs.size()),
        workerClassPath(),
        jvmOptions,
        timeout == null ? options : options.withTimeout(timeout),
        unordered,
        json,
        nullSeparated,
        quiet,
        verbose);
  }

  private void atLeast(int least, String option, int value) {
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
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
