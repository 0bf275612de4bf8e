package example;

import dev.forkyard.pool.ProcessPool;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A native library that is not safe for threads, used by four processes at once. */
public final class CountTokens {

  public static void main(String[] args) {
    Stream<String> texts = IntStream.range(1, 2_001).mapToObj(words -> "word ".repeat(words));
    List<Integer> expected = IntStream.range(1, 2_001).boxed().toList();
    try (ProcessPool pool = ProcessPool.builder().workers(4).build();
        Stream<Integer> counts = pool.map(Tokens.class, texts)) {
      boolean right = counts.toList().equals(expected);
      System.out.println("2000 texts counted, " + (right ? "all right" : "some wrong"));
    }
  }
}
