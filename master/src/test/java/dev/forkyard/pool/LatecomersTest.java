package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.transport.Connection;
import dev.forkyard.transport.ConnectionListener;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LatecomersTest {

  private final Latecomers latecomers = new Latecomers();
  private final Closed connection = new Closed();

  @Test
  void aGreetingThatIsReadAfterItsWorkersEndIsNoStrangers() {
    latecomers.add(3, token("of 3"));
    ConnectionListener listener = latecomers.admit(hello(3, "of 3"), connection);
    assertThat(listener).isNotNull();
    assertThat(connection.closed).isTrue();
  }

  @Test
  void itsTokenIsGoodOnceAndForItAlone() {
    latecomers.add(3, token("of 3"));
    assertThat(latecomers.admit(hello(4, "of 3"), connection)).isNull();
    assertThat(latecomers.admit(hello(3, "of 4"), connection)).isNull();
    assertThat(connection.closed).isFalse();
    assertThat(latecomers.admit(hello(3, "of 3"), connection)).isNotNull();
    assertThat(latecomers.admit(hello(3, "of 3"), connection)).isNull();
  }

  @Test
  void workersThatNeverGreetAreForgotten() {
    for (long id = 1; id <= Latecomers.MAX + 1; id++) {
      latecomers.add(id, token("any"));
    }
    assertThat(latecomers.admit(hello(1, "any"), connection)).isNull();
    assertThat(latecomers.admit(hello(2, "any"), connection)).isNotNull();
  }

  private static Frame.Hello hello(long workerId, String token) {
    return new Frame.Hello(FrameCodec.VERSION, token(token), workerId, 1, "17", 1, 0);
  }

  private static byte[] token(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static final class Closed implements Connection {

    private boolean closed;

    @Override
    public void send(Frame frame) {}

    @Override
    public void flush() {}

    @Override
    public void flush(Consumer<@Nullable Throwable> written) {}

    @Override
    public void setReading(boolean reading) {}

    @Override
    public void close() {
      closed = true;
    }
  }
}
