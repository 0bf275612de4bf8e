package dev.forkyard.process;

import static dev.forkyard.process.Forks.LIMIT;
import static dev.forkyard.process.Forks.get;
import static dev.forkyard.process.Forks.lines;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.forkyard.worker.ParentProcess;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class SocketTest {

  @RegisterExtension final Forks forks = new Forks();

  /** Sends back what comes over the socket, until its end. */
  public static final class Echo {
    private Echo() {}

    public static void main(String[] args) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate(8192);
      try (SocketChannel socket = ParentProcess.openSocket()) {
        while (socket.read(buffer) >= 0) {
          buffer.flip();
          while (buffer.hasRemaining()) {
            socket.write(buffer);
          }
          buffer.clear();
        }
      }
    }
  }

  @Test
  void bytesGoBothWaysToAJavaProgram() throws Exception {
    ChildProcess child =
        forks.spawn(offer(), Forks.java(), "-cp", Forks.classPath(), Echo.class.getName());
    assertEchoes(child);
    assertThat(get(child.onExit()).success()).isTrue();
  }

  @Test
  void bytesGoBothWaysToANodeProgram() throws Exception {
    assumeTrue(found("node"), "no node");
    assertEchoes(
        forks.spawn(
            offer(),
            "node",
            "-e",
            "const s = require('net').connect(process.env.FORKYARD_SOCKET); s.pipe(s);"));
  }

  @Test
  void bytesGoBothWaysToAPythonProgram() throws Exception {
    assumeTrue(found("python3"), "no python3");
    assertEchoes(
        forks.spawn(
            offer(),
            "python3",
            "-c",
            """
            import os, socket
            s = socket.socket(socket.AF_UNIX)
            s.connect(os.environ['FORKYARD_SOCKET'])
            for data in iter(lambda: s.recv(4096), b''):
                s.sendall(data)
            """));
  }

  private static SpawnOptions.Builder offer() {
    return SpawnOptions.builder().stderr(Stdio.inherit()).socket();
  }

  private static boolean found(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  private static void assertEchoes(ChildProcess child) throws Exception {
    byte[] sent = new byte[1 << 20];
    new Random(1).nextBytes(sent);
    try (SocketChannel socket = socket(child)) {
      // More than the socket holds, so it must be written and read at once.
      CompletableFuture<?> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  ByteBuffer bytes = ByteBuffer.wrap(sent);
                  while (bytes.hasRemaining()) {
                    socket.write(bytes);
                  }
                  socket.shutdownOutput();
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              },
              Forks::start);
      assertThat(read(socket, sent.length)).isEqualTo(sent);
      get(writing);
      assertThat(socket.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  private static SocketChannel socket(ChildProcess child) throws Exception {
    return get(waiting(child));
  }

  private static CompletableFuture<SocketChannel> waiting(ChildProcess child) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return child.socket();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        Forks::start);
  }

  private static byte[] read(SocketChannel socket, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    while (bytes.hasRemaining()) {
      if (socket.read(bytes) < 0) {
        throw new EOFException("after " + bytes.position() + " bytes");
      }
    }
    return bytes.array();
  }

  @Test
  void aChildThatEndsWithoutConnectingIsAnErrorAndNoHang() throws Exception {
    ChildProcess child = forks.spawn(offer(), "sh", "-c", "read line");
    CompletableFuture<SocketChannel> waiting = waiting(child);
    assertThat(waiting).isNotDone();
    child.stdin().close();
    assertThat(waiting)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withCauseInstanceOf(IOException.class)
        .withMessageContaining("ended without connecting");
    get(child.onExit());
    assertThatIOException()
        .isThrownBy(child::socket)
        .withMessageContaining("ended without connecting");
  }

  @Test
  void aChildThatConnectedWroteAndEndedBeforeAnybodyAskedIsStillHeard() throws Exception {
    assumeTrue(found("python3"), "no python3");
    ChildProcess child =
        forks.spawn(
            offer(),
            "python3",
            "-c",
            """
            import os, socket
            s = socket.socket(socket.AF_UNIX)
            s.connect(os.environ['FORKYARD_SOCKET'])
            s.sendall(b'last words')
            """);
    assertThat(get(child.onExit()).success()).isTrue();
    try (SocketChannel socket = socket(child)) {
      assertThat(new String(read(socket, 10), StandardCharsets.US_ASCII)).isEqualTo("last words");
      assertThat(socket.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @Test
  void theSocketIsTakenOnceAndOnlyWhereItWasOffered() throws Exception {
    ChildProcess child = forks.spawn(SpawnOptions.builder(), "cat");
    assertThatIllegalStateException()
        .isThrownBy(child::socket)
        .withMessageContaining("SpawnOptions.socket()");
    assertThatIllegalStateException()
        .isThrownBy(ParentProcess::openSocket)
        .withMessageContaining(ChildProcess.SOCKET_VARIABLE);

    ChildProcess offered =
        forks.spawn(offer(), Forks.java(), "-cp", Forks.classPath(), Echo.class.getName());
    try (SocketChannel socket = socket(offered)) {
      assertThat(socket.isOpen()).isTrue();
      assertThatIOException().isThrownBy(offered::socket).withMessageContaining("taken already");
    }
  }

  @Test
  void theSocketIsPrivateAndGoneWithItsChild() throws Exception {
    ChildProcess child = forks.spawn(offer(), "sh", "-c", "echo $FORKYARD_SOCKET; read line");
    Path path = Path.of(lines(child.stdout()).next());
    assertThat(path).exists();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getParent())))
        .isEqualTo("rwx------");
    ChildProcess another =
        forks.spawn(SpawnOptions.builder(), "sh", "-c", "echo [$FORKYARD_SOCKET]");
    assertThat(lines(another.stdout()).next()).isEqualTo("[]");
    child.stdin().close();
    get(child.onExit());
    assertThat(path).doesNotExist();
  }

  @Test
  void whoWaitsForTheSocketMayBeInterruptedAndNothingIsLost() throws Exception {
    ChildProcess child = forks.spawn(offer(), "sh", "-c", "read line");
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread waiting =
        new Thread(
            () -> {
              try {
                child.socket();
              } catch (IOException | RuntimeException e) {
                thrown.complete(e);
              }
            });
    waiting.start();
    waiting.interrupt();
    assertThat(get(thrown)).isInstanceOf(InterruptedIOException.class);
    // The socket is still there for the next one, who hears of the child's end.
    CompletableFuture<SocketChannel> next = waiting(child);
    child.stdin().close();
    assertThat(next)
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withMessageContaining("ended without connecting");
  }

  @Test
  void anotherUserIsRefused() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "may become another user");
    assumeTrue(found("setpriv"), "no setpriv");
    assumeTrue(found("python3"), "no python3");
    ChildProcess child = forks.spawn(offer(), "sh", "-c", "echo $FORKYARD_SOCKET; read line");
    Path path = Path.of(lines(child.stdout()).next());
    CompletableFuture<SocketChannel> waiting = waiting(child);
    // Its directory alone keeps the other user out; the socket must, too, where that is not so.
    Files.setPosixFilePermissions(path.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    try {
      ExecResult refused =
          get(
              ChildProcess.execFile(
                  List.of(
                      "setpriv",
                      "--reuid=65534",
                      "--clear-groups",
                      "/usr/bin/python3",
                      "-c",
                      """
                      import socket, sys
                      s = socket.socket(socket.AF_UNIX)
                      s.connect(sys.argv[1])
                      print(s.recv(1))
                      """,
                      path.toString())));
      assertThat(refused.stdout()).isEqualTo("b''\n");
      assertThat(waiting).isNotDone();
    } finally {
      Files.setPosixFilePermissions(path.getParent(), PosixFilePermissions.fromString("rwx------"));
    }
    child.stdin().close();
    await().atMost(LIMIT).until(waiting::isCompletedExceptionally);
  }

  @Test
  void aChildThatCannotBeStartedLeavesNoSocketBehind() throws Exception {
    long before = sockets();
    assertThatExceptionOfType(ProcessStartException.class)
        .isThrownBy(() -> ChildProcess.spawn(List.of("no-such-program"), offer().build()));
    assertThat(sockets()).isEqualTo(before);
  }

  private static long sockets() throws IOException {
    try (Stream<Path> files = Files.list(RuntimeDirectory.shared().path())) {
      return files.filter(each -> each.getFileName().toString().startsWith("c")).count();
    }
  }
}
