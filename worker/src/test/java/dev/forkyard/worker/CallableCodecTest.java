package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
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

  @Test
  void aLambdaOfBasicValuesTravelsWithoutJavaSerialization() throws Exception {
    byte[] bytes = {1, 2};
    String text = "ä";
    Integer number = 3;
    Long large = 4L;
    Double real = 5.5;
    Boolean truth = true;
    String nothing = null;
    SerializableCallable<Object> lambda =
        () -> Arrays.toString(bytes) + text + number + large + real + truth + nothing;
    byte[] encoded = codec.encode(lambda);
    assertThat(encoded[0]).isEqualTo((byte) 'L');
    assertThat(new String(encoded, StandardCharsets.ISO_8859_1)).doesNotContain("SerializedLambda");
    assertThat(codec.decode(encoded).call()).isEqualTo("[1, 2]ä345.5truenull");
  }

  @Test
  void lambdasOfOnePlaceKeepWhatEachCaptured() throws Exception {
    for (int i = 0; i < 100; i++) {
      int captured = i;
      assertThat(roundTrip(() -> captured)).isEqualTo(i);
      assertThat(roundTrip(() -> "other" + captured)).isEqualTo("other" + i);
    }
  }

  @Test
  void primitivesAndMethodReferencesAndNestedLambdasComeBack() throws Exception {
    byte small = 1;
    short shorter = 2;
    char letter = 'c';
    float real = 4.5f;
    assertThat(roundTrip(() -> "" + small + shorter + letter + real)).isEqualTo("12c4.5");
    assertThat(roundTrip("bound"::length)).isEqualTo(5);
    assertThat(roundTrip(Thread::currentThread)).isEqualTo(Thread.currentThread());
    assertThat(roundTrip(ArrayList::new)).isEqualTo(List.of());
    SerializableCallable<Object> inner = () -> "inner";
    assertThat(roundTrip(() -> inner.call() + " in outer")).isEqualTo("inner in outer");
  }

  @Test
  void whatWasCapturedTwiceIsOneObjectThereToo() throws Exception {
    byte[] bytes = {1};
    byte[] same = bytes;
    List<Integer> list = new ArrayList<>(List.of(1));
    List<Integer> alias = list;
    assertThat(roundTrip(() -> bytes == same)).isEqualTo(true);
    assertThat(roundTrip(() -> list == alias)).isEqualTo(true);
  }

  /** No lambda, so that Java serialization is what is left. */
  private static final class Named implements SerializableCallable<Object> {
    @Override
    public Object call() {
      return "named";
    }
  }

  @Test
  void anObjectThatIsNoLambdaTravelsByJavaSerialization() throws Exception {
    assertThat(roundTrip(new Named())).isEqualTo("named");
  }

  @Test
  void aLambdaThatTheClassThereDoesNotHaveIsToldOf() throws Exception {
    SerializableCallable<Object> lambda = () -> 1;
    String place = new String(codec.encode(lambda), StandardCharsets.ISO_8859_1);
    String method = "lambda$aLambdaThatTheClassThere";
    byte[] other =
        place
            .replace(method, "lambda$aLambdaThatNoClassThere!")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertThat(place).contains(method);
    assertThatThrownBy(() -> codec.decode(other))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessage(
            "a lambda of "
                + getClass().getName()
                + " is not in the worker's version of that class; the class paths differ");
  }

  @Test
  void anyCutOrChangeOfItsBytesIsAnExceptionAndNoOtherError() throws Exception {
    int captured = 7;
    SerializableCallable<Object> lambda = () -> captured;
    byte[] good = codec.encode(lambda);
    for (int i = 1; i < good.length; i++) {
      byte[] cut = Arrays.copyOf(good, i);
      assertThatThrownBy(() -> codec.decode(cut)).isInstanceOf(Exception.class);
      byte[] changed = good.clone();
      changed[i] ^= 0x55;
      try {
        codec.decode(changed);
      } catch (Exception | LinkageError refused) {
        // A changed value is a value as well; what matters is that nothing worse comes of it.
      }
    }
  }

  private Object roundTrip(SerializableCallable<Object> callable) throws Exception {
    return codec.decode(codec.encode(callable)).call();
  }

  static final class Row implements Serializable {
    final Object connection;
    transient Unserializable leftOut = new Unserializable();

    Row(Object connection) {
      this.connection = connection;
    }
  }

  static final class Report implements SerializableCallable<Object> {
    Object rows;

    Report(Object rows) {
      this.rows = rows;
    }

    @Override
    public Object call() {
      return rows;
    }
  }

  private String refusal(SerializableCallable<Object> task) {
    return assertThatThrownBy(() -> codec.encode(task))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageEndingWith(
            " is not Serializable; make it Serializable, mark the field transient, or leave it out")
        .actual()
        .getMessage();
  }

  @Test
  void whatDoesNotSerializeIsToldWithThePathToIt() {
    Row bad = new Row(new Unserializable());
    Row good = new Row("text");
    String type = " (class " + Unserializable.class.getName() + ") ";
    assertThat(refusal(new Report(new Object[] {good, null, bad})))
        .startsWith("CallableCodecTest$Report.rows[2].connection" + type);
    assertThat(refusal(new Report(new ArrayList<>(List.of(good, bad)))))
        .startsWith("CallableCodecTest$Report.rows[1].connection" + type);
    assertThat(refusal(new Report(List.of(good, bad))))
        .startsWith("CallableCodecTest$Report.rows[1].connection" + type);
    assertThat(refusal(new Report(new HashMap<>(Map.of("payload", bad)))))
        .startsWith("CallableCodecTest$Report.rows.value[0].connection" + type);
    assertThat(refusal(new Report(Map.of(new Unserializable(), 1))))
        .startsWith("CallableCodecTest$Report.rows.key[0]" + type);
  }

  @Test
  void whatALambdaCapturesIsToldToo() {
    Row captured = new Row(new Unserializable());
    int one = 1;
    assertThat(refusal(() -> one + captured.hashCode()))
        .startsWith("lambda in CallableCodecTest: captured[1].connection (class ");
    assertThat(refusal(() -> codec)).startsWith("lambda in CallableCodecTest: this (class ");
    SerializableCallable<Object> inner = () -> captured;
    assertThat(refusal(() -> inner))
        .startsWith("lambda in CallableCodecTest: captured[0]: captured[0].connection (class ");
  }

  @Test
  void whereTheFieldsCanNotBeReadIsSaid() {
    AtomicReference<Object> held = new AtomicReference<>(new Unserializable());
    assertThat(refusal(new Report(List.of("text", held))))
        .startsWith(
            "CallableCodecTest$Report.rows[1], inside of java.util.concurrent.atomic.AtomicReference"
                + " whose fields can't be read (class "
                + Unserializable.class.getName());
  }

  @Test
  void whatAClassWritesItselfIsFoundInItsTransientFields() {
    assertThat(refusal(new Report(new WritesItself())))
        .startsWith("CallableCodecTest$Report.rows.hidden (class ");
  }

  static final class WritesItself implements Serializable {
    private final transient Object hidden = new Unserializable();

    private void writeObject(ObjectOutputStream out) throws IOException {
      out.writeObject(hidden);
    }
  }

  @Test
  void aTaskThatItselfDoesNotSerializeIsToldAsThat() {
    AnyTask task = AnyTask.running(new Thread());
    assertThatThrownBy(() -> codec.encode(task.toSend()))
        .isInstanceOf(NotSerializableException.class)
        .hasMessage(
            "java.lang.Thread is not Serializable; make it so, or use a JobHandler with a Codec");
  }

  @Test
  void bytesThatAreNoLambdaAreRefused() {
    assertThatThrownBy(() -> codec.decode(new byte[] {1, 2, 3, 4}))
        .isInstanceOf(java.io.StreamCorruptedException.class);
  }
}
