package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.NotSerializableException;
import java.io.Serializable;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallableCodecTest {

  private final CallableCodec codec = new CallableCodec();

  record Point(int x, int y) implements Serializable {}

  static final class Unserializable {}

  @Test
  void aLambdaComesBackWithWhatItCaptured() throws Exception {
    List<Point> points = List.of(new Point(1, 2), new Point(3, 4));
    long[] numbers = {5, 6};
    assertThat(roundTrip(() -> points.get(1).x() + numbers[1])).isEqualTo(9L);
    assertThat(roundTrip(() -> null)).isNull();
    assertThat(roundTrip(() -> int.class)).isEqualTo(int.class);
  }

  private Object roundTrip(SerializableCallable<Object> callable) throws Exception {
    return codec.decode(codec.encode(callable)).call();
  }

  @Test
  void whatDoesNotSerializeIsNamedAndWhoCapturesIt() {
    Unserializable captured = new Unserializable();
    assertThatThrownBy(() -> codec.encode(captured::hashCode))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageStartingWith(Unserializable.class.getName() + " is not Serializable, but ")
        .hasMessageContaining(getClass().getName() + "$$Lambda")
        .hasMessageEndingWith("captures it; make it Serializable, or leave it out");
  }

  @Test
  void bytesThatAreNoLambdaAreRefused() {
    assertThatThrownBy(() -> codec.decode(new byte[] {1, 2, 3, 4}))
        .isInstanceOf(java.io.StreamCorruptedException.class);
  }
}
