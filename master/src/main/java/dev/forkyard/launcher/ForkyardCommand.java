package dev.forkyard.launcher;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Reads the arguments by picocli, and runs a command. */
@Command(
    name = "forkyard",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {RunCommand.class, HandlersCommand.class, PrepareCommand.class},
    description = "Runs jobs in worker JVMs, one for each core. A job that crashes costs that job.",
    footer = {
      "",
      "Exit codes: 0 all well, 1 a job failed, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM.",
      "'forkyard run --help' tells how to run jobs."
    })
final class ForkyardCommand implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  static int execute(String[] args, PrintWriter out, PrintStream errors) {
    CommandLine commandLine = new CommandLine(new ForkyardCommand());
    commandLine.setOut(out);
    commandLine.setErr(new PrintWriter(errors, true, StandardCharsets.UTF_8));
    // An input may begin with @, and is then not a file of arguments.
    commandLine.setExpandAtFiles(false);
    commandLine.setParameterExceptionHandler((problem, given) -> refuse(errors, problem));
    boolean verbose = List.of(args).contains("--verbose");
    commandLine.setExecutionExceptionHandler(
        (problem, command, parsed) -> Launcher.report(errors, problem, verbose));
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
    return Launcher.WRONG_USAGE;
  }
}
