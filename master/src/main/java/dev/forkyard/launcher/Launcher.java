package dev.forkyard.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The command line: runs the command that the arguments name and ends with its exit code. */
public final class Launcher {

  static final int JOB_FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int HALTED = 3;

  private Launcher() {}

  /** Never returns; the exit code tells how it went. */
  public static void main(String[] args) {
    PrintStream errors =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    System.setErr(errors);
    StandardErrorLog.use();
    PrintWriter out =
        new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.exit(execute(args, out, errors));
  }

  static int execute(String[] args, PrintWriter out, PrintStream errors) {
    RunArguments arguments = PlainArguments.read(args);
    RunPlan plan = arguments == null ? null : planOf(arguments);
    return plan == null ? ForkyardCommand.execute(args, out, errors) : run(plan, errors);
  }

  /** Null where something is wrong with it, which picocli then tells. */
  private static @Nullable RunPlan planOf(RunArguments arguments) {
    try {
      return arguments.plan();
    } catch (IOException | IllegalArgumentException e) {
      return null;
    }
  }

  private static int run(RunPlan plan, PrintStream errors) {
    try {
      return new Run(plan).call();
    } catch (Exception e) {
      return report(errors, e, plan.verbose());
    }
  }

  static int report(PrintStream errors, Exception problem, boolean verbose) {
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
