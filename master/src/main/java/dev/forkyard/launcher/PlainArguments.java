package dev.forkyard.launcher;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the arguments of {@code forkyard run} where each option is written out, as most are.
 * Picocli takes longer to load than a JVM to start, so all that it alone knows (help,
 * abbreviations, what is wrong with a mistake) is left to it; what is read here it reads alike.
 */
final class PlainArguments {

  private final RunArguments read = new RunArguments();
  private final List<String> words = new ArrayList<>();
  private final Set<String> given = new HashSet<>();

  private PlainArguments() {}

  /** Null: picocli is to read them. */
  static @Nullable RunArguments read(String... arguments) {
    PlainArguments plain = new PlainArguments();
    return arguments.length > 1 && arguments[0].equals("run") && plain.readAll(arguments)
        ? plain.read
        : null;
  }

  private boolean readAll(String[] arguments) {
    boolean options = true;
    for (int i = 1; i < arguments.length; i++) {
      String argument = arguments[i];
      if (!options || !argument.startsWith("-")) {
        words.add(argument);
      } else if (argument.equals("--")) {
        options = false;
      } else {
        String name = longName(argument);
        boolean flag = flag(name);
        if (!given.add(name) || !flag && (++i == arguments.length || !option(name, arguments[i]))) {
          return false;
        }
      }
    }
    return takeWords();
  }

  private boolean takeWords() {
    if (words.isEmpty()) {
      return false;
    }
    read.handler = words.get(0);
    read.inputs = List.copyOf(words.subList(1, words.size()));
    return true;
  }

  private static String longName(String name) {
    return switch (name) {
      case "-w" -> "--workers";
      case "-cp" -> "--class-path";
      case "-t" -> "--timeout";
      case "-r" -> "--retries";
      case "-0" -> "--null";
      case "-q" -> "--quiet";
      default -> name;
    };
  }

  private boolean flag(String name) {
    switch (name) {
      case "--unordered" -> read.unordered = true;
      case "--json" -> read.json = true;
      case "--null" -> read.nullSeparated = true;
      case "--quiet" -> read.quiet = true;
      case "--verbose" -> read.verbose = true;
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean option(String name, String value) {
    try {
      return !value.startsWith("-") && set(name, value);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private boolean set(String name, String value) {
    switch (name) {
      case "--workers" -> read.workers = Integer.parseInt(value);
      case "--slots" -> read.slots = Integer.parseInt(value);
      case "--retries" -> read.retries = Integer.parseInt(value);
      case "--class-path" -> read.classPath = value;
      case "--timeout" -> read.timeout = Durations.parse(value);
      case "--master-heap" -> read.masterHeap = value;
      case "--halt" -> read.halt = value;
      case "--journal" -> read.journal = value;
      default -> {
        return false;
      }
    }
    return true;
  }
}
