package dev.forkyard.transport;

import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.spi.SelectorProvider;

/** The kinds of socket between master and workers, the best first. */
public enum TransportKind {
  /** A Unix-domain socket by Netty's native epoll; Linux. */
  EPOLL_UNIX,
  /** A Unix-domain socket by the JDK. */
  NIO_UNIX,
  /** TCP on the loopback interface. */
  TCP;

  /** The first that this system has, and that the JVM loads without a warning on the console. */
  public static TransportKind best() {
    for (TransportKind kind : values()) {
      if ((kind != EPOLL_UNIX || mayLoadNatives()) && kind.available()) {
        return kind;
      }
    }
    return TCP;
  }

  /**
   * From 24 on a JVM warns of native libraries unless {@code --enable-native-access} allows them.
   */
  private static boolean mayLoadNatives() {
    if (Runtime.version().feature() < 24) {
      return true;
    }
    try {
      Module netty = Epoll.class.getModule();
      return (boolean) Module.class.getMethod("isNativeAccessEnabled").invoke(netty);
    } catch (ReflectiveOperationException unknown) {
      return true;
    }
  }

  /** Whether this system has it. */
  public boolean available() {
    return switch (this) {
      case EPOLL_UNIX -> Epoll.isAvailable();
      case NIO_UNIX -> hasUnixSockets();
      case TCP -> true;
    };
  }

  private static boolean hasUnixSockets() {
    try {
      ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
      return true;
    } catch (Exception unsupported) {
      return false;
    }
  }

  IoHandlerFactory ioHandler(long spinNanos) {
    SelectStrategyFactory strategy =
        spinNanos == 0
            ? DefaultSelectStrategyFactory.INSTANCE
            : () -> new SpinningSelectStrategy(spinNanos);
    return this == EPOLL_UNIX
        ? EpollIoHandler.newFactory(0, strategy)
        : NioIoHandler.newFactory(SelectorProvider.provider(), strategy);
  }

  Class<? extends ServerChannel> channel() {
    return switch (this) {
      case EPOLL_UNIX -> EpollServerDomainSocketChannel.class;
      case NIO_UNIX -> NioServerDomainSocketChannel.class;
      case TCP -> NioServerSocketChannel.class;
    };
  }
}
