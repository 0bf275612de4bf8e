package dev.forkyard.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: reads the arguments, runs a command and ends with its exit code. */
@Command(
    name = "forkyard",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {RunCommand.class, HandlersCommand.class},
    description = "Runs jobs in worker JVMs, one for each core. A job that crashes costs that job.",
    footer = {
      "",
      "Exit codes: 0 all well, 1 a job failed, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM.",
      "'forkyard run --help' tells how to run jobs."
    })
public final class Launcher implements Runnable {

  static final int JOB_FAILED = 1;
  static final int WRONG_USAGE = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  Launcher() {}

  /** Never returns; the exit code tells how it went. */
  public static void main(String[] args) {
    PrintStream errors =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    System.setErr(errors);
    PrintWriter out =
        new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.exit(execute(args, out, errors));
  }

  static int execute(String[] args, PrintWriter out, PrintStream errors) {
    CommandLine commandLine = new CommandLine(new Launcher());
    commandLine.setOut(out);
    commandLine.setErr(new PrintWriter(errors, true, StandardCharsets.UTF_8));
    // An input may begin with @, and is then not a file of arguments.
    commandLine.setExpandAtFiles(false);
    commandLine.setParameterExceptionHandler((problem, given) -> refuse(errors, problem));
    boolean verbose = List.of(args).contains("--verbose");
    commandLine.setExecutionExceptionHandler(
        (problem, command, parsed) -> report(errors, problem, verbose));
    return commandLine.execute(args);
  }

  /** Without a command there is nothing to do. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "a command is missing: run, handlers or bench");
  }

  private static int refuse(PrintStream errors, ParameterException problem) {
    String message = OneLine.of(String.valueOf(problem.getMessage()));
    if (problem instanceof UnmatchedArgumentException && message.startsWith("Unknown option")) {
      message += " (an INPUT that begins with - goes after --)";
    }
    String command = problem.getCommandLine().getCommandSpec().qualifiedName();
    errors.println("forkyard: " + message + "; see " + command + " --help");
    return WRONG_USAGE;
  }

  private static int report(PrintStream errors, Exception problem, boolean verbose) {
    if (problem instanceof LauncherException known) {
      errors.println("forkyard: " + OneLine.of(String.valueOf(known.getMessage())));
      printStack(errors, known.getCause(), verbose);
      return known.exitCode();
    }
    errors.println("forkyard: unexpected: " + OneLine.of(problem.toString()));
    printStack(errors, problem, verbose);
    return JOB_FAILED;
  }

  private static void printStack(PrintStream errors, @Nullable Throwable cause, boolean verbose) {
    if (verbose && cause != null) {
      cause.printStackTrace(errors);
    }
  }
}
