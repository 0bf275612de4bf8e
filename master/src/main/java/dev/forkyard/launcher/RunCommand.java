package dev.forkyard.launcher;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Runs {@code forkyard run} with the arguments that picocli read. */
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
      "Exit codes: 0 all well, 1 a job failed, 2 wrong usage, 3 ended by --halt, 130 after Ctrl-C,",
      "143 after SIGTERM (which lets jobs that were taken go on for up to 10 s)."
    })
final class RunCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private RunArguments arguments = new RunArguments();

  @Override
  public Integer call() throws IOException, InterruptedException {
    return new Run(plan()).call();
  }

  private RunPlan plan() throws IOException {
    try {
      return arguments.plan();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }

  /** Reads a duration. */
  static final class TimeConverter implements ITypeConverter<Duration> {

    @Override
    public Duration convert(String text) {
      try {
        return Durations.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
