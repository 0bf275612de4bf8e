package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Frame.Failure;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.FrameCodec;
import java.io.PrintWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FailuresTest {

  private static final int MAX_TEXT_BYTES = 1 << 20;

  /** Throws where it is asked about itself. */
  static final class Hostile extends RuntimeException {

    private final boolean fatal;

    Hostile(boolean fatal) {
      this.fatal = fatal;
    }

    @Override
    public String getMessage() {
      if (fatal) {
        throw new StackOverflowError();
      }
      throw new IllegalStateException();
    }
  }

  static final class Unprintable extends RuntimeException {
    @Override
    public void printStackTrace(PrintWriter out) {
      throw new IllegalStateException();
    }
  }

  /** Its causes have no end. */
  static final class Endless extends RuntimeException {
    Endless() {
      super(null, null, false, false);
    }

    @Override
    public synchronized Throwable getCause() {
      return new Endless();
    }
  }

  /** Prints far more than the heap of a worker holds. */
  static final class Chatty extends RuntimeException {
    @Override
    public void printStackTrace(PrintWriter out) {
      String line = "x".repeat(1 << 20);
      for (int i = 0; i < 1 << 13; i++) {
        out.print(line);
      }
    }
  }

  static final class Silent extends RuntimeException {
    Silent() {
      super(null, null, false, false);
    }
  }

  @Test
  void classMessageAndStackAreTold() {
    Failure failure = of(new IllegalStateException("broken", new RuntimeException("deeper")));
    assertThat(failure.jobId()).isEqualTo(7);
    assertThat(failure.runNanos()).isEqualTo(8);
    assertThat(failure.kind()).isEqualTo(FailureKind.INPUT);
    assertThat(failure.className()).isEqualTo("java.lang.IllegalStateException");
    assertThat(failure.message()).isEqualTo("broken");
    assertThat(failure.stack())
        .startsWith("java.lang.IllegalStateException: broken\n\tat ")
        .contains("Caused by: java.lang.RuntimeException: deeper");
    assertThat(failure.fatal()).isFalse();
  }

  @Test
  void aMessageThatIsNotThereIsNull() {
    assertThat(of(new Silent()).message()).isNull();
    assertThat(of(new Silent()).stack()).startsWith(Silent.class.getName());
  }

  @Test
  void whatThrowsWhenItIsReadIsToldByItsClass() {
    for (boolean fatal : new boolean[] {false, true}) {
      Failure failure = of(new Hostile(fatal));
      String thrown = fatal ? "java.lang.StackOverflowError" : "java.lang.IllegalStateException";
      assertThat(failure.className()).isEqualTo(Hostile.class.getName());
      assertThat(failure.message()).isEqualTo("(its message could not be read: " + thrown + ")");
      assertThat(failure.stack()).isEqualTo("(its stack could not be read: " + thrown + ")");
      assertThat(failure.fatal()).isFalse();
    }
    assertThat(of(new Unprintable()).stack())
        .isEqualTo("(its stack could not be read: java.lang.IllegalStateException)");
  }

  @Test
  void causesWithoutEndEnd() {
    assertThat(of(new Endless()).className()).isEqualTo(Endless.class.getName());
  }

  @Test
  void longTextsAreCutAndSayByHowMuch() {
    Failure failure = of(new IllegalStateException("m".repeat(100_000)));
    assertThat(failure.message())
        .isEqualTo("m".repeat(8 << 10) + "\n(" + (100_000 - (8 << 10)) + " characters cut)");
    assertThat(failure.stack())
        .startsWith("java.lang.IllegalStateException: mmm")
        .containsPattern("mmm\n\\(\\d+ characters cut\\)$")
        .hasSizeBetween(64 << 10, (64 << 10) + 30);
  }

  @Test
  void aTextThatFitsExactlyIsWhole() {
    String message = "m".repeat(8 << 10);
    assertThat(of(new IllegalStateException(message)).message()).isEqualTo(message);
  }

  @Test
  void aStackIsNeverHeldInFull() {
    assertThat(of(new Chatty()).stack())
        .endsWith("\n(" + ((1L << 33) - (64 << 10)) + " characters cut)");
  }

  @Test
  void aFailureFitsIntoASmallFrameWhateverItsCharacters() {
    int maxTextBytes = 60_000;
    Failure failure =
        Failures.of(1, 1, FailureKind.THROWN, new Error("\u4e16".repeat(100_000)), maxTextBytes);
    assertThat(FrameCodec.sizeOf(failure)).isBetween(maxTextBytes / 2, maxTextBytes);
  }

  static Stream<Throwable> errors() {
    return Stream.of(
        new StackOverflowError(), new OutOfMemoryError("direct"), new InternalError("unsafe"));
  }

  @ParameterizedTest
  @MethodSource("errors")
  void anErrorOfTheVirtualMachineIsFatal(Throwable error) {
    assertThat(of(error).fatal()).isTrue();
  }

  @Test
  void otherErrorsAreNot() {
    assertThat(of(new AssertionError()).fatal()).isFalse();
    assertThat(of(new NoClassDefFoundError()).fatal()).isFalse();
    assertThat(of(new ExceptionInInitializerError(new Exception())).fatal()).isFalse();
  }

  private static Failure of(Throwable thrown) {
    return Failures.of(7, 8, FailureKind.INPUT, thrown, MAX_TEXT_BYTES);
  }
}
