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
 * A Unix-domain socket for one child, in a directory that is this user's alone. A child that has
 * connected, written and ended before anybody asked for it has still connected: its connection is
 * kept. So the server does not block: what waits for a connection can be told of the child's end
 * without being cut off from a connection that lies there.
 */
final class ChildSocket implements AutoCloseable {

  private static final AtomicLong COUNT = new AtomicLong();

  private final Path path;
  private final ServerSocketChannel server;
  private final Selector selector;
  private @Nullable SocketChannel kept;
  private boolean taken;
  private boolean ended;

  private ChildSocket(Path path, ServerSocketChannel server, Selector selector) {
    this.path = path;
    this.server = server;
    this.selector = selector;
  }

  static ChildSocket open() throws IOException {
    Path path = RuntimeDirectory.shared().path().resolve("c" + COUNT.incrementAndGet());
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path));
      server.configureBlocking(false);
      Selector selector = Selector.open();
      server.register(selector, SelectionKey.OP_ACCEPT);
      return new ChildSocket(path, server, selector);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  String path() {
    return path.toString();
  }

  /** The first connection; there is only one. */
  SocketChannel accept() throws IOException {
    while (true) {
      SocketChannel connection = take();
      if (connection != null) {
        return connection;
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("interrupted while waiting for the child to connect");
      }
      select();
    }
  }

  private void select() throws IOException {
    synchronized (selector) {
      try {
        selector.select();
        selector.selectedKeys().clear();
      } catch (ClosedSelectorException e) {
        // The child has ended, or another thread was quicker: take() says which.
      }
    }
  }

  private synchronized @Nullable SocketChannel take() throws IOException {
    if (taken) {
      throw new IOException("the child's socket was taken already");
    }
    SocketChannel connection = ended ? kept : acceptNow();
    if (connection != null) {
      taken = true;
      kept = null;
      close();
    } else if (ended) {
      throw new IOException("the child ended without connecting to its socket");
    }
    return connection;
  }

  /** The lock is held. A connection from another user is closed. */
  private @Nullable SocketChannel acceptNow() throws IOException {
    for (SocketChannel next = server.accept(); next != null; next = server.accept()) {
      if (ForkServer.sameUser(next, path)) {
        return next;
      }
      next.close();
    }
    return null;
  }

  /** Nobody else will connect; who has is kept for whoever asks. */
  synchronized void childEnded() {
    if (!taken && !ended) {
      try {
        kept = acceptNow();
      } catch (IOException e) {
        // As good as none.
      }
      ended = true;
      close();
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      selector.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // It goes with its directory.
    }
  }
}
