package example;

import dev.forkyard.worker.TestJobContext;

/** What a unit test of a handler does: no pool, no process. */
public final class TryWordCount {
  public static void main(String[] args) {
    long words = new WordCount().handle("one two three", new TestJobContext());
    if (words != 3) {
      throw new AssertionError(words + " words");
    }
  }
}
