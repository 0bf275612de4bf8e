package dev.forkyard.launcher;

import dev.forkyard.launcher.builtin.Builtins;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the built-in handlers, a line each. */
@Command(
    name = "handlers",
    mixinStandardHelpOptions = true,
    description = "Lists the built-in handlers, a line each.")
final class HandlersCommand implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    int width = Builtins.all().stream().mapToInt(each -> each.name().length()).max().orElse(0);
    Builtins.all()
        .forEach(each -> out.printf("%-" + width + "s  %s%n", each.name(), each.description()));
    out.flush();
  }
}
