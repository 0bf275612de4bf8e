package dev.forkyard.transport;

import dev.forkyard.protocol.Frame;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A listening socket and the one event loop on which it and all its connections live. */
public final class TransportServer implements AutoCloseable {

  private static final int MAX_SOCKET_PATH_CHARS = 100;
  private static final int CLOSE_SECONDS = 5;

  /** Of a Unix-domain socket, so that large frames take fewer turns; a system may give less. */
  private static final int SEND_BUFFER_BYTES = 1 << 20;

  /** Decides who gets in. */
  @FunctionalInterface
  public interface Gate {

    /**
     * A connection said hello; called on the event loop.
     *
     * @return who hears the rest of it; null refuses and closes it
     */
    @Nullable ConnectionListener admit(Frame.Hello hello, Connection connection);
  }

  private final EventLoop loop;
  private final Channel channel;
  private final String address;
  private final @Nullable Path socket;

  private TransportServer(EventLoop loop, Channel channel, String address, @Nullable Path socket) {
    this.loop = loop;
    this.channel = channel;
    this.address = address;
    this.socket = socket;
  }

  /**
   * Starts to listen.
   *
   * @param directory where a Unix-domain socket is made; it must be private
   * @param spinNanos how long the loop looks for something to do before it sleeps
   */
  public static TransportServer bind(TransportKind kind, Path directory, long spinNanos, Gate gate)
      throws IOException {
    Path socket = kind == TransportKind.TCP ? null : directory.resolve("s");
    if (socket != null && socket.toString().length() > MAX_SOCKET_PATH_CHARS) {
      throw new IOException("the path of a Unix-domain socket would be too long: " + socket);
    }
    // A group of one would tell itself of its end on a thread of Netty's that keeps a program from
    // exiting for a second.
    EventLoop loop =
        new SingleThreadIoEventLoop(
            null,
            task -> {
              Thread thread = new Thread(task, "forkyard-loop");
              thread.setDaemon(true);
              return thread;
            },
            kind.ioHandler(spinNanos));
    Refusals refusals = new Refusals();
    try {
      Channel channel =
          new ServerBootstrap()
              .group(loop)
              .channel(kind.channel())
              // A write error must not discard what can still be read.
              .childOption(ChannelOption.AUTO_CLOSE, false)
              .childOption(ChannelOption.RECVBUF_ALLOCATOR, new SharedInput())
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel connection) {
                      if (socket != null) {
                        connection.config().setOption(ChannelOption.SO_SNDBUF, SEND_BUFFER_BYTES);
                      }
                      connection.pipeline().addLast(new FrameChannel(socket, refusals, gate));
                    }
                  })
              .bind(bindAddress(kind, socket))
              .syncUninterruptibly()
              .channel();
      return new TransportServer(loop, channel, address(channel, socket), socket);
    } catch (Exception | Error e) {
      // Netty throws what failed as it is, also where it is a checked exception.
      shutDown(loop);
      if (e instanceof Error error) {
        throw error;
      }
      throw new IOException("could not listen on " + (socket == null ? "loopback" : socket), e);
    }
  }

  private static SocketAddress bindAddress(TransportKind kind, @Nullable Path socket) {
    if (socket == null) {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }
    return kind == TransportKind.EPOLL_UNIX
        ? new DomainSocketAddress(socket.toFile())
        : UnixDomainSocketAddress.of(socket);
  }

  private static String address(Channel channel, @Nullable Path socket) {
    if (socket != null) {
      return "unix:" + socket;
    }
    InetSocketAddress bound = (InetSocketAddress) channel.localAddress();
    return "tcp:" + bound.getAddress().getHostAddress() + ":" + bound.getPort();
  }

  /** What a worker connects to: {@code unix:PATH} or {@code tcp:HOST:PORT}. */
  public String address() {
    return address;
  }

  /** The thread of it all. */
  public EventLoop loop() {
    return loop;
  }

  /** Stops listening, closes all connections and ends the loop, within seconds. */
  @Override
  public void close() {
    channel.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    shutDown(loop);
    if (socket != null) {
      try {
        Files.deleteIfExists(socket);
      } catch (IOException e) {
        // It goes with its directory.
      }
    }
  }

  private static void shutDown(EventLoop loop) {
    loop.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
  }
}
