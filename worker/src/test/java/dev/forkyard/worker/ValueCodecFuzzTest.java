package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a worker says that a lambda answered may be any bytes: a value, or an exception. A build
 * tries the corpus; {@code .ci/fuzz} looks for more.
 */
public class ValueCodecFuzzTest {

  private static final String ALLOWED = "\\[*(L?java\\.(lang|util|math|time)\\..*|.)";

  @ParameterizedTest
  @MethodSource("corpus")
  void anyBytesAreAValueOfTheJdkOrRefused(Path input) throws Exception {
    fuzzerTestOneInput(Files.readAllBytes(input));
  }

  static List<Path> corpus() throws IOException {
    try (Stream<Path> inputs = Files.list(Path.of("src/test/corpus/values"))) {
      return inputs.sorted().toList();
    }
  }

  /** An exception fails the job, whatever it is; the JDK has many. An error must not be had. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    Object value;
    try {
      value = new ValueCodec().decode(bytes);
    } catch (Exception refused) {
      return;
    }
    if (value != null) {
      assertThat(value.getClass().getName()).matches(ALLOWED);
    }
  }
}
