package dev.forkyard.process;

import static dev.forkyard.process.Marked.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.IoEventLoop;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What only this way to read a pipe shows; the rest it has in common with the other. */
@Timeout(60)
class EpollPipeTest {

  @RegisterExtension private final Marked children = new Marked();

  @Test
  void aLoopThatHasEndedIsReplacedAndItsPipesCanBeClosed() throws Exception {
    assumeTrue(EpollPipe.available(), "no native epoll, or not allowed to load it");
    IoEventLoop loop = EpollPipe.loop();
    EpollPipe pipe = EpollPipe.open();
    assertThat(loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(20, TimeUnit.SECONDS))
        .isTrue();
    pipe.close();
    assertThat(get(children.exec("echo out")).stdout()).isEqualTo("out\n");
  }
}
