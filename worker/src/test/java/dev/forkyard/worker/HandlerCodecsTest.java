package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HandlerCodecsTest {

  record Point(int x, int y) {}

  /** Where the types matter, what is done does not. */
  abstract static class Handler<I, O> implements JobHandler<I, O> {
    @Override
    public O handle(I input, JobContext context) {
      throw new UnsupportedOperationException();
    }
  }

  static final class Direct extends Handler<String, Long> {}

  interface FromText<T> extends JobHandler<String, T> {}

  abstract static class Swapped<A, B> extends Handler<B, A> {}

  static final class BySuperclass extends Swapped<Integer, String> {}

  static final class ByInterface extends Handler<String, Double> implements FromText<Double> {}

  abstract static class Lists<T> extends Handler<List<T>, Map<String, T[]>> {}

  abstract static class ListsOfMaps<K, V> extends Lists<Map<K, ? extends V>> {}

  static final class OfPoints extends Lists<Point> {}

  static final class OfMaps extends ListsOfMaps<String, Point> {}

  abstract static class Arrays<T> extends Handler<T[], T[][]> {}

  static final class ArraysOfPoints extends Arrays<Point> {}

  static final class ArraysOfLists extends Arrays<List<Point>> {}

  static final class OpenInput<T> extends Handler<T, String> {}

  static final class OpenResult<T extends Number> extends Handler<String, T> {}

  static final class OpenWithin<T> extends Handler<List<Map<String, T[]>>, String> {}

  @SuppressWarnings("rawtypes") // such handlers exist
  static final class Raw implements JobHandler {
    @Override
    public Object handle(Object input, JobContext context) {
      return input;
    }
  }

  @SuppressWarnings("rawtypes") // such handlers exist
  static final class RawSuperclass extends Lists {}

  @Test
  void typesAreFoundWhereverTheyAreDeclared() throws Exception {
    assertThat(codecs(Direct.class).input().encode("ab")).containsExactly('a', 'b');
    assertThat(codecs(Direct.class).output().encode(1L)).hasSize(8);
    assertThat(codecs(BySuperclass.class).input().encode("ab")).containsExactly('a', 'b');
    assertThat(codecs(BySuperclass.class).output().encode(1)).hasSize(4);
    assertThat(codecs(ByInterface.class).output().encode(1.0)).hasSize(8);
  }

  @Test
  void aVariableWithinATypeIsWhatASubclassBindsItTo() throws Exception {
    Point point = new Point(1, 2);
    assertThat(roundTrip(codecs(OfPoints.class).input(), List.of(point))).isEqualTo(List.of(point));
    assertThat(roundTrip(codecs(OfMaps.class).input(), List.of(Map.of("a", point))))
        .isEqualTo(List.of(Map.of("a", point)));
    Object map = roundTrip(codecs(OfPoints.class).output(), Map.of("a", new Point[] {point}));
    assertThat((Point[]) ((Map<?, ?>) map).get("a")).containsExactly(point);
  }

  @Test
  void soIsOneWithinAnArray() throws Exception {
    Point[] points = {new Point(1, 2)};
    assertThat(roundTrip(codecs(ArraysOfPoints.class).input(), points)).isEqualTo(points);
    assertThat(roundTrip(codecs(ArraysOfPoints.class).output(), new Point[][] {points}))
        .isEqualTo(new Point[][] {points});
    Object lists = roundTrip(codecs(ArraysOfLists.class).input(), new List<?>[] {List.of(points)});
    assertThat(lists).isEqualTo(new List<?>[] {List.of(points)});
  }

  @Test
  void anOpenTypeIsRefusedWithItsHandlerAndParameter() {
    assertOpen(OpenInput.class, "I");
    assertOpen(OpenResult.class, "O");
    assertOpen(OpenWithin.class, "I");
    assertOpen(Raw.class, "I");
    assertOpen(RawSuperclass.class, "I");
    JobHandler<String, String> lambda = (input, context) -> input;
    assertOpen(lambda.getClass(), "I");
  }

  private static void assertOpen(Class<?> handler, String parameter) {
    assertThatThrownBy(() -> codecs(handler))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "handler %s leaves the type parameter %s of JobHandler open; declare it, as in"
                + " JobHandler<String, Long>",
            handler.getName(), parameter);
  }

  /** Marks what it writes, so that one can tell who wrote it. */
  static final class Marking implements Codec<String> {
    @Override
    public byte[] encode(String value) {
      return new byte[] {42};
    }

    @Override
    public String decode(byte[] bytes) {
      return "marked";
    }
  }

  @UseCodec(input = Marking.class)
  static class NamedInput extends Handler<String, String> {}

  @UseCodec(output = Marking.class)
  static final class NamedOutput extends Handler<String, String> {}

  static final class Inheriting extends NamedInput {}

  @Test
  void aNamedCodecServesTheSideItIsNamedForAndSubclasses() throws Exception {
    assertThat(codecs(NamedInput.class).input().encode("x")).containsExactly(42);
    assertThat(codecs(NamedInput.class).output().encode("x")).containsExactly('x');
    assertThat(codecs(NamedOutput.class).input().encode("x")).containsExactly('x');
    assertThat(codecs(NamedOutput.class).output().decode(new byte[0])).isEqualTo("marked");
    assertThat(codecs(Inheriting.class).input().encode("x")).containsExactly(42);
  }

  abstract static class Unfinished implements Codec<String> {
    @Override
    public byte[] encode(String value) {
      return new byte[0];
    }

    @Override
    public String decode(byte[] bytes) {
      return "";
    }
  }

  static final class Needy extends Unfinished {
    Needy(String what) {
      throw new IllegalStateException(what);
    }
  }

  static final class Throwing extends Unfinished {
    Throwing() {
      throw new IllegalStateException("no dictionary");
    }
  }

  static final class NeverLoaded extends Unfinished {
    static final int LENGTH = Integer.parseInt("no number");
  }

  @UseCodec(input = Unfinished.class)
  static final class WithUnfinished extends Handler<String, String> {}

  @UseCodec(output = Needy.class)
  static final class WithNeedy extends Handler<String, String> {}

  @UseCodec(output = Throwing.class)
  static final class WithThrowing extends Handler<String, String> {}

  @UseCodec(input = NeverLoaded.class)
  static final class WithNeverLoaded extends Handler<String, String> {}

  @Test
  void aCodecThatCannotBeMadeIsRefusedWithItsHandlerAndReason() {
    assertUnusable(WithUnfinished.class, Unfinished.class, "public no-argument constructor");
    assertUnusable(WithNeedy.class, Needy.class, "public no-argument constructor");
    assertUnusable(WithThrowing.class, Throwing.class, "IllegalStateException: no dictionary");
    assertUnusable(WithNeverLoaded.class, NeverLoaded.class, "NumberFormatException");
  }

  private static void assertUnusable(Class<?> handler, Class<?> codec, String why) {
    assertThatThrownBy(() -> codecs(handler))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "handler %s names the codec %s, which can't be made: ",
            handler.getName(), codec.getName())
        .hasMessageContaining(why)
        .hasCauseInstanceOf(Throwable.class);
  }

  @SuppressWarnings("unchecked") // the tests know what they declared
  private static HandlerCodecs<Object, Object> codecs(Class<?> handler) {
    return HandlerCodecs.of((Class<? extends JobHandler<Object, Object>>) handler);
  }

  private static Object roundTrip(Codec<Object> codec, Object value) throws Exception {
    return codec.decode(codec.encode(value));
  }
}
