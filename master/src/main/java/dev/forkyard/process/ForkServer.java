package dev.forkyard.process;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.FrameOutput;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where forked JVMs connect. One thread waits for them; each that connects is greeted, and then
 * served, on a thread of its own.
 */
final class ForkServer {

  private static final int GREETING_SECONDS = 5;
  private static final int MAX_GREETING_BYTES = 4 << 10;
  private static final int PAUSE_MILLIS = 100;

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ForkServer.class);
  }

  /** Decides who gets in. */
  interface Gate {

    /** Who said this; null refuses. */
    @Nullable Guest admit(Frame.Hello hello);
  }

  /** Who was admitted. */
  interface Guest {

    /** Frames may be so large. */
    int maxFrameBytes();

    /** Serves the connection, of which this has arrived, until its end, and closes it. */
    void serve(SocketChannel connection, FrameInput input);
  }

  private final ServerSocketChannel server;
  private final @Nullable Path socket;
  private final Gate gate;

  private ForkServer(ServerSocketChannel server, @Nullable Path socket, Gate gate) {
    this.server = server;
    this.socket = socket;
    this.gate = gate;
  }

  /** Listens as long as this JVM lives, on a Unix-domain socket where the system has them. */
  static ForkServer open(Path directory, Gate gate) throws IOException {
    ServerSocketChannel server;
    Path socket = directory.resolve("f");
    try {
      server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(socket));
    } catch (UnsupportedOperationException noUnixDomainSockets) {
      socket = null;
      server = ServerSocketChannel.open();
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }
    ForkServer made = new ForkServer(server, socket, gate);
    Thread thread = new Thread(made::accept, "forkyard-fork");
    thread.setDaemon(true);
    thread.start();
    return made;
  }

  /** What a child connects to: {@code unix:PATH} or {@code tcp:HOST:PORT}. */
  String address() throws IOException {
    if (socket != null) {
      return "unix:" + socket;
    }
    InetSocketAddress bound = (InetSocketAddress) server.getLocalAddress();
    return "tcp:" + bound.getAddress().getHostAddress() + ":" + bound.getPort();
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        take(server.accept());
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException | RuntimeException | Error refused) {
        warn("a forked JVM could not be connected", refused);
        // It may be for too many open files, of which there are as many at the next try.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
      }
    }
  }

  private void take(SocketChannel connection) {
    try {
      FrameInput input = new FrameInput(connection, MAX_GREETING_BYTES);
      Callbacks.unordered().execute(() -> greet(connection, input));
    } catch (RuntimeException | Error e) {
      // Else it would wait for its greeting for ever.
      close(connection);
      throw e;
    }
  }

  /** Nothing that fails here is to end the one thread that waits for all. */
  private static void warn(String what, Object why) {
    try {
      Log.LOG.warn("{}: {}", what, why.toString());
    } catch (RuntimeException | Error unloggable) {
      // Such as for want of a descriptor to load the logger by.
    }
  }

  private void greet(SocketChannel connection, FrameInput input) {
    Guest guest = null;
    try {
      CompletableFuture<Void> greeted = new CompletableFuture<>();
      CompletableFuture.delayedExecutor(GREETING_SECONDS, TimeUnit.SECONDS)
          .execute(
              () -> {
                if (!greeted.isDone()) {
                  close(connection);
                }
              });
      guest = sameUser(connection) ? admit(connection, input) : null;
      greeted.complete(null);
    } catch (IOException | RuntimeException | Error e) {
      warn("a connection is closed", e);
    }
    if (guest == null) {
      close(connection);
    } else {
      input.allow(guest.maxFrameBytes());
      guest.serve(connection, input);
    }
  }

  private @Nullable Guest admit(SocketChannel connection, FrameInput input) throws IOException {
    Frame first = input.next();
    while (first == null) {
      if (input.fill() < 0) {
        return null;
      }
      first = input.next();
    }
    Guest guest = first instanceof Frame.Hello hello ? gate.admit(hello) : null;
    if (guest == null) {
      warn("a connection is closed", "it is from no JVM that was forked here");
      return null;
    }
    FrameOutput output = new FrameOutput();
    output.add(new Frame.Welcome(FrameCodec.VERSION, guest.maxFrameBytes(), 0));
    output.write(connection);
    return guest;
  }

  /** True also where nobody tells: then the private directory is all that keeps others out. */
  private boolean sameUser(SocketChannel connection) throws IOException {
    return socket == null || sameUser(connection, socket);
  }

  static boolean sameUser(SocketChannel connection, Path socket) throws IOException {
    try {
      return connection
          .getOption(ExtendedSocketOptions.SO_PEERCRED)
          .user()
          .equals(Files.getOwner(socket));
    } catch (UnsupportedOperationException notTold) {
      return true;
    }
  }

  private static void close(SocketChannel connection) {
    try {
      connection.close();
    } catch (IOException e) {
      // There is nothing left to do with it.
    }
  }
}
