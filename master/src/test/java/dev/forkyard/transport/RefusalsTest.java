package dev.forkyard.transport;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RefusalsTest {

  private static final byte[] GARBAGE = {-1, -1, -1, -1, -1, -1};

  private final Logger logger = (Logger) LoggerFactory.getLogger(TransportServer.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Refusals refusals = new Refusals();
  private final EmbeddedChannel clock = new EmbeddedChannel();

  @BeforeEach
  void start() {
    clock.freezeTime();
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
  }

  @Test
  void aStrangersConnectionIsClosedWithAWarningThatSaysWhy() {
    EmbeddedChannel stranger = new EmbeddedChannel(new FrameChannel(null, refusals, refuseAll()));
    stranger.writeInbound(Unpooled.wrappedBuffer(GARBAGE));
    assertThat(stranger.isOpen()).isFalse();
    assertThat(warnings())
        .containsExactly("a connection is closed: a frame's length of more than 5 bytes");
  }

  @Test
  void soIsOneThatIsNotAdmitted() {
    EmbeddedChannel stranger = new EmbeddedChannel(new FrameChannel(null, refusals, refuseAll()));
    ByteBuffer hello = ByteBuffer.allocate(100);
    FrameCodec.write(new Frame.Hello(FrameCodec.VERSION, new byte[3], 7, 1, "17", 1, 0), hello);
    stranger.writeInbound(Unpooled.wrappedBuffer(hello.flip()));
    assertThat(warnings()).containsExactly("a connection is closed: worker 7 was not admitted");
  }

  @Test
  void aConnectionThatBreaksBeforeItsGreetingIsNoReasonToWarn() {
    EmbeddedChannel worker = new EmbeddedChannel(new FrameChannel(null, refusals, refuseAll()));
    worker.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
    assertThat(worker.isOpen()).isFalse();
    assertThat(warnings()).isEmpty();
  }

  @Test
  void ofManyTheFirstIsToldAtOnceAndTheOthersAreCounted() {
    for (int i = 1; i <= 1_000; i++) {
      refusals.add("number " + i, clock.eventLoop());
    }
    assertThat(warnings()).containsExactly("a connection is closed: number 1");
    log.list.clear();

    pass(Refusals.INTERVAL_SECONDS);
    assertThat(warnings())
        .containsExactly("connections closed since then: 999; the last one: number 1000");
    log.list.clear();

    refusals.add("soon after", clock.eventLoop());
    assertThat(warnings()).isEmpty();
    pass(2 * Refusals.INTERVAL_SECONDS);
    assertThat(warnings())
        .containsExactly("connections closed since then: 1; the last one: soon after");
    log.list.clear();

    pass(Refusals.INTERVAL_SECONDS);
    refusals.add("after a quiet time", clock.eventLoop());
    assertThat(warnings()).containsExactly("a connection is closed: after a quiet time");
  }

  private void pass(int seconds) {
    clock.advanceTimeBy(seconds, TimeUnit.SECONDS);
    clock.runScheduledPendingTasks();
  }

  private static TransportServer.Gate refuseAll() {
    return (hello, connection) -> null;
  }

  private List<String> warnings() {
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }
}
