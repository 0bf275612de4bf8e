package dev.forkyard.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputOrderTest {

  private final InputOrder order = new InputOrder();
  private final List<Long> printed = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void printsInInputOrderWhateverTheOrderOfTheEnds(long seed) throws IOException {
    List<Long> numbers = new ArrayList<>(LongStream.rangeClosed(1, 1_000).boxed().toList());
    List<Long> sorted = List.copyOf(numbers);
    Collections.shuffle(numbers, new Random(seed));
    for (long number : numbers) {
      add(number);
    }
    assertThat(printed).isEqualTo(sorted);
    assertThat(order.waitsFor()).isEmpty();
  }

  @Test
  void saysForWhichJobTheOthersWait() throws IOException {
    add(1);
    assertThat(order.waitsFor()).isEmpty();
    add(3);
    assertThat(order.waitsFor()).hasValue(2);
    assertThat(printed).containsExactly(1L);
  }

  @Test
  void printsWhatStillWaitsWhenNoMoreWillCome() throws IOException {
    add(5);
    add(3);
    order.finish(this::print);
    assertThat(printed).containsExactly(3L, 5L);
  }

  private void add(long number) throws IOException {
    order.add(Ends.ok(number, "i", "r"), this::print);
  }

  private void print(JobEnd end) {
    printed.add(end.number());
  }
}
