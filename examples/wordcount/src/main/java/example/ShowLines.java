package example;

import dev.forkyard.pool.ProcessPool;
import java.util.stream.Stream;

/** Prints the first lines of a file that have a word in them. */
public final class ShowLines {

  private ShowLines() {}

  public static void main(String[] args) {
    try (ProcessPool pool = ProcessPool.builder().workers(1).build()) {
      FindLines.Query query = new FindLines.Query(args[0], args[1]);
      try (Stream<String> lines = pool.items(FindLines.class, query)) {
        lines.limit(10).forEach(System.out::println);
      }
    }
  }
}
