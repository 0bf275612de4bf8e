package dev.forkyard.process;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** A Unix-domain socket for one child, in a directory that is this user's alone. */
final class ChildSocket implements AutoCloseable {

  private static final AtomicLong COUNT = new AtomicLong();

  private final Path path;
  private final ServerSocketChannel server;

  private ChildSocket(Path path, ServerSocketChannel server) {
    this.path = path;
    this.server = server;
  }

  static ChildSocket open() throws IOException {
    Path path = RuntimeDirectory.shared().path().resolve("c" + COUNT.incrementAndGet());
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path));
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return new ChildSocket(path, server);
  }

  String path() {
    return path.toString();
  }

  /** The first connection; there is only one. */
  SocketChannel accept() throws IOException {
    try {
      return server.accept();
    } catch (ClosedChannelException e) {
      throw new IOException("the child ended without connecting, or was connected already", e);
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // It goes with its directory.
    }
  }
}
