package dev.forkyard.process;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A Unix-domain socket for one child, in a directory that is this user's alone. The first
 * connection is the only one; a child that connects, writes and ends before anyone asks has written
 * to it all the same.
 */
final class ChildSocket implements AutoCloseable {

  private static final AtomicLong COUNT = new AtomicLong();

  private final Path path;
  private final ServerSocketChannel server;
  private final Selector selector;
  private @Nullable SocketChannel connection;
  private boolean taken;

  private ChildSocket(Path path, ServerSocketChannel server, Selector selector) {
    this.path = path;
    this.server = server;
    this.selector = selector;
  }

  static ChildSocket open() throws IOException {
    Path path = RuntimeDirectory.shared().path().resolve("c" + COUNT.incrementAndGet());
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path), 1);
      server.configureBlocking(false);
      Selector selector = Selector.open();
      server.register(selector, SelectionKey.OP_ACCEPT);
      return new ChildSocket(path, server, selector);
    } catch (IOException | RuntimeException e) {
      server.close();
      Files.deleteIfExists(path);
      throw e;
    }
  }

  String path() {
    return path.toString();
  }

  /** Waits for the connection, which is then the caller's. */
  SocketChannel accept() throws IOException {
    try {
      for (SocketChannel made = take(); ; made = take()) {
        if (made != null) {
          close();
          return made;
        }
        selector.select();
        if (Thread.interrupted()) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while waiting for the child to connect");
        }
      }
    } catch (ClosedSelectorException e) {
      SocketChannel made = take();
      if (made == null) {
        throw new IOException("the child ended without connecting", e);
      }
      return made;
    }
  }

  private synchronized @Nullable SocketChannel take() throws IOException {
    if (taken) {
      throw new IOException("the child's socket was taken already");
    }
    poll();
    taken = connection != null;
    return connection;
  }

  private void poll() throws IOException {
    if (connection == null && server.isOpen()) {
      connection = server.accept();
    }
  }

  /** Nobody connects any more; who has is kept. */
  @Override
  public synchronized void close() {
    try (selector;
        server) {
      poll();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // It goes with its directory.
    }
  }
}
