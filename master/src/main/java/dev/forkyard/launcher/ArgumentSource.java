package dev.forkyard.launcher;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The inputs given as arguments. */
final class ArgumentSource implements InputSource {

  private static final char REPLACEMENT = '\uFFFD';

  private final Iterator<String> arguments;

  ArgumentSource(List<String> arguments) {
    this.arguments = arguments.iterator();
  }

  @Override
  public @Nullable Input next() {
    if (!arguments.hasNext()) {
      return null;
    }
    String argument = arguments.next();
    // The JVM decodes arguments before we see them, and puts this in place of what it can't.
    return argument.indexOf(REPLACEMENT) < 0
        ? Input.of(argument)
        : Input.broken(argument, "the input is not valid UTF-8");
  }
}
