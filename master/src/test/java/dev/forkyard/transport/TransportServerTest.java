package dev.forkyard.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.process.RuntimeDirectory;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameDecoder;
import dev.forkyard.protocol.ProtocolException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every kind of socket must keep, with a peer that speaks to it in bytes. */
@Timeout(30)
class TransportServerTest {

  private static final int MAX_FRAME_BYTES = 32 << 20;
  private static final byte[] TOKEN = {1, 2, 3};

  private RuntimeDirectory directory;
  private TransportServer server;
  private final BlockingQueue<Heard> admitted = new LinkedBlockingQueue<>();

  /** What the server's side of one admitted connection hears. */
  private static final class Heard implements ConnectionListener {

    private final Connection connection;
    private final List<Frame> frames = new CopyOnWriteArrayList<>();
    private final AtomicInteger parts = new AtomicInteger();
    private volatile ByteBuffer lastWords = ByteBuffer.allocate(0);
    private volatile long received;
    private volatile boolean ended;
    private volatile @Nullable Throwable why;

    Heard(Connection connection) {
      this.connection = connection;
    }

    @Override
    public int maxFrameBytes() {
      return MAX_FRAME_BYTES;
    }

    @Override
    public void onFrame(Frame frame) {
      frames.add(frame);
    }

    @Override
    public void onPart() {
      parts.incrementAndGet();
    }

    @Override
    public void onBatchEnd() {}

    @Override
    public ByteBuffer lastWords(long receivedBytes) {
      received = receivedBytes;
      return lastWords;
    }

    @Override
    public void onEnd(@Nullable Throwable reason) {
      why = reason;
      ended = true;
    }
  }

  private void bind(TransportKind kind) throws IOException {
    directory = RuntimeDirectory.create();
    server = TransportServer.bind(kind, directory.path(), 0, this::admit);
  }

  private @Nullable ConnectionListener admit(Frame.Hello hello, Connection connection) {
    if (!Arrays.equals(hello.token(), TOKEN)) {
      return null;
    }
    Heard heard = new Heard(connection);
    connection.send(new Frame.Welcome(FrameCodec.VERSION, MAX_FRAME_BYTES, 0));
    connection.flush();
    admitted.add(heard);
    return heard;
  }

  @AfterEach
  void close() {
    server.close();
    directory.close();
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void theArrivalOfPartsIsToldBeforeTheFrameIsComplete(TransportKind kind) throws Exception {
    bind(kind);
    try (SocketChannel peer = greeted(TOKEN)) {
      Heard heard = next();
      ByteBuffer frame = encoded(List.of(new Frame.Goodbye("x".repeat(10_000))));
      for (int part = 1; part <= 5; part++) {
        int cut = 1_000;
        writeFully(peer, frame.slice(frame.position(), cut));
        frame.position(frame.position() + cut);
        int told = part;
        await().until(() -> heard.parts.get() >= told);
      }
      assertThat(heard.frames).isEmpty();
      int before = heard.parts.get();
      writeFully(peer, frame);
      await().until(() -> heard.frames.size() == 1);
      assertThat(heard.parts.get()).isBetween(before, before + 10);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void theSystemsTakingOfALargeFrameIsToldPartByPart(TransportKind kind) throws Exception {
    bind(kind);
    try (SocketChannel peer = greeted(TOKEN)) {
      Heard heard = next();
      // More than all buffers on the way hold.
      Frame large = new Frame.Goodbye("x".repeat(MAX_FRAME_BYTES - 1_000));
      server
          .loop()
          .execute(
              () -> {
                heard.connection.send(large);
                heard.connection.flush();
              });
      await().until(() -> heard.parts.get() > 0);
      int before = heard.parts.get();
      ByteBuffer all = ByteBuffer.allocate(FrameCodec.sizeOf(large));
      while (all.hasRemaining()) {
        peer.read(all);
      }
      await().until(() -> heard.parts.get() > before);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void framesArriveInOrderHoweverTheyAreCut(TransportKind kind) throws Exception {
    bind(kind);
    try (SocketChannel peer = greeted(TOKEN)) {
      Heard heard = next();
      Random random = new Random(7);
      List<Frame> sent = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        sent.add(new Frame.Goodbye("x".repeat(random.nextInt(i % 50 == 0 ? 300_000 : 100))));
      }
      ByteBuffer all = encoded(sent);
      while (all.hasRemaining()) {
        int cut = Math.min(all.remaining(), 1 + random.nextInt(100_000));
        writeFully(peer, all.slice(all.position(), cut));
        all.position(all.position() + cut);
      }
      await().until(() -> heard.frames.size() == sent.size());
      assertThat(heard.frames).isEqualTo(sent);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void framesAreSentInOrderOneFlushForMany(TransportKind kind) throws Exception {
    bind(kind);
    try (SocketChannel peer = greeted(TOKEN)) {
      Heard heard = next();
      List<Frame> sent = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        sent.add(new Frame.Dump(i, "y".repeat(i % 100 == 0 ? 200_000 : i % 64)));
      }
      server
          .loop()
          .execute(
              () -> {
                sent.forEach(heard.connection::send);
                heard.connection.flush();
              });
      assertThat(read(peer, sent.size())).isEqualTo(sent);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void aFrameOfManyMegabytesGoesThrough(TransportKind kind) throws Exception {
    bind(kind);
    try (SocketChannel peer = greeted(TOKEN)) {
      Heard heard = next();
      byte[] payload = new byte[20 << 20];
      new Random(1).nextBytes(payload);
      writeFully(peer, encoded(List.of(new Frame.Message(1, "t", payload, 0), new Frame.Drain())));
      await().until(() -> heard.frames.size() == 2);
      assertThat(((Frame.Message) heard.frames.get(0)).payload()).isEqualTo(payload);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void whatIsMalformedClosesItsOwnConnectionAlone(TransportKind kind) throws Exception {
    bind(kind);
    try (SocketChannel good = greeted(TOKEN)) {
      Heard heard = next();
      Consumer<ByteBuffer> garbage =
          bytes -> {
            new Random(3).nextBytes(bytes.array());
            bytes.position(bytes.capacity());
          };
      assertThat(refused(peer -> peer.put(new byte[] {-1, -1, -1, -1, -1, -1}))).isTrue();
      assertThat(refused(garbage)).isTrue();
      assertThat(refused(peer -> FrameCodec.write(new Frame.Drain(), peer))).isTrue();
      // A greeting is small: before it nobody may claim megabytes.
      assertThat(refused(peer -> peer.put(new byte[] {-128, -128, 64}))).isTrue();
      assertThat(refused(peer -> FrameCodec.write(hello(new byte[] {9}), peer))).isTrue();
      assertThat(admitted).isEmpty();

      writeFully(good, encoded(List.of(new Frame.Drain())));
      await().until(() -> heard.frames.size() == 1);
      assertThat(heard.ended).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL_UNIX", "NIO_UNIX"})
  void aSocketThatCanNotBeMadeIsAnErrorThatNamesItAndLeavesNoThread(TransportKind kind)
      throws Exception {
    bind(TransportKind.TCP);
    Path socket = Files.createDirectory(directory.path().resolve("s"));
    Set<Thread> before = loops();
    assertThatThrownBy(() -> TransportServer.bind(kind, directory.path(), 0, this::admit))
        .isInstanceOf(IOException.class)
        .hasMessage("could not listen on " + socket);
    // One of the test before may end meanwhile.
    await().until(() -> before.containsAll(loops()));
    Files.delete(socket);
  }

  @ParameterizedTest
  @EnumSource
  void itsEndLeavesNoThreadForWhichAProgramWouldWait(TransportKind kind) throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    bind(kind);
    server.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> !before.contains(thread) && !thread.isDaemon())
        .isEmpty();
  }

  private static Set<Thread> loops() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("forkyard-loop"))
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void aFrameBeyondTheLimitEndsAnAdmittedConnectionWithTheReason(TransportKind kind)
      throws Exception {
    bind(kind);
    try (SocketChannel peer = greeted(TOKEN)) {
      Heard heard = next();
      ByteBuffer bytes = ByteBuffer.allocate(64);
      FrameCodec.write(new Frame.Drain(), bytes);
      bytes.put(new byte[] {-1, -1, -1, -1, 7});
      writeFully(peer, bytes.flip());
      await().until(() -> heard.ended);
      assertThat(heard.frames).hasSize(1);
      assertThat(heard.why)
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("at most " + MAX_FRAME_BYTES);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void aConnectionThatEndsWithinAFrameEndsWithAllFramesBeforeIt(TransportKind kind)
      throws Exception {
    bind(kind);
    Heard heard;
    try (SocketChannel peer = greeted(TOKEN)) {
      heard = next();
      ByteBuffer bytes = encoded(List.of(new Frame.Goodbye("a"), new Frame.Goodbye("b")));
      writeFully(peer, bytes.limit(bytes.limit() - 1));
    }
    await().until(() -> heard.ended);
    assertThat(heard.frames).containsExactly(new Frame.Goodbye("a"));
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void aWriteThatFailsDiscardsNothingThatCanStillBeRead(TransportKind kind) throws Exception {
    bind(kind);
    for (int round = 0; round < 20; round++) {
      Heard heard;
      try (SocketChannel peer = greeted(TOKEN)) {
        heard = next();
        flood(heard);
        List<Frame> last = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          last.add(new Frame.Result(i, 1, new byte[16]));
        }
        writeFully(peer, encoded(last));
        // Goes with much unread, so that the other side's next write fails.
      }
      flood(heard);
      await().until(() -> heard.ended);
      assertThat(heard.frames).hasSize(200);
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void whatAPeerHadStillToSayIsToldBehindWhatItSentAlsoIfItBrokeOff(TransportKind kind)
      throws Exception {
    bind(kind);
    List<Frame> said =
        List.of(new Frame.Goodbye("a"), new Frame.Goodbye("b"), new Frame.Goodbye("c"));
    int hello = FrameCodec.sizeOf(hello(TOKEN));
    for (int sent = 0; sent <= encoded(said).limit(); sent++) {
      Heard heard;
      try (SocketChannel peer = greeted(TOKEN)) {
        heard = next();
        heard.lastWords = encoded(said).position(sent);
        if (sent % 2 == 0) {
          // It goes with much unread.
          flood(heard);
        }
        writeFully(peer, encoded(said).limit(sent));
      }
      await().until(() -> heard.ended);
      assertThat(heard.received).isEqualTo(hello + sent);
      assertThat(heard.frames).isEqualTo(said);
    }
  }

  /** Connects to the socket that it is given; its exit code tells whether it was let in. */
  public static final class Stranger {

    private Stranger() {}

    /** Exits with 0 if the other side closes the connection, though the greeting is right. */
    public static void main(String[] args) throws IOException {
      SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(args[0]));
      try (peer) {
        writeFully(peer, encoded(List.of(hello(TOKEN))));
        System.exit(peer.read(ByteBuffer.allocate(1)) < 0 ? 0 : 1);
      } catch (IOException reset) {
        System.exit(0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL_UNIX", "NIO_UNIX"})
  void anotherUserIsRefusedEvenWithTheTokenAndAnOpenDirectory(TransportKind kind) throws Exception {
    assumeThat(System.getProperty("user.name")).as("who may become another").isEqualTo("root");
    assumeThat(Path.of("/usr/bin/setpriv")).exists();
    bind(kind);
    Path socket = directory.path().resolve("s");
    Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(stranger(socket, "--reuid=0")).isEqualTo(1);
    assertThat(admitted.poll(10, TimeUnit.SECONDS)).isNotNull();
    assertThat(stranger(socket, "--reuid=65534")).isZero();
    assertThat(admitted).isEmpty();
  }

  private static int stranger(Path socket, String user) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Process process =
        new ProcessBuilder(
                "setpriv",
                user,
                "--clear-groups",
                java.toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Stranger.class.getName(),
                socket.toString())
            .inheritIO()
            .start();
    return process.waitFor();
  }

  private void flood(Heard heard) {
    server
        .loop()
        .execute(
            () -> {
              for (int i = 0; i < 100; i++) {
                heard.connection.send(new Frame.Dump(i, "z".repeat(10_000)));
                heard.connection.flush();
              }
            });
  }

  /** Whether a connection that sends this first is closed by the server. */
  private boolean refused(Consumer<ByteBuffer> first) throws IOException {
    try (SocketChannel peer = connect()) {
      ByteBuffer bytes = ByteBuffer.allocate(256);
      first.accept(bytes);
      writeFully(peer, bytes.flip());
      return peer.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException reset) {
      return true;
    }
  }

  private SocketChannel greeted(byte[] token) throws IOException {
    SocketChannel peer = connect();
    writeFully(peer, encoded(List.of(hello(token))));
    assertThat(read(peer, 1))
        .containsExactly(new Frame.Welcome(FrameCodec.VERSION, MAX_FRAME_BYTES, 0));
    return peer;
  }

  private static Frame.Hello hello(byte[] token) {
    return new Frame.Hello(FrameCodec.VERSION, token, 1, 2, "17", 1 << 20, 0);
  }

  private SocketChannel connect() throws IOException {
    String address = server.address();
    if (address.startsWith("unix:")) {
      return SocketChannel.open(UnixDomainSocketAddress.of(address.substring(5)));
    }
    int colon = address.lastIndexOf(':');
    return SocketChannel.open(
        new InetSocketAddress(
            address.substring(4, colon), Integer.parseInt(address.substring(colon + 1))));
  }

  private Heard next() throws InterruptedException {
    Heard heard = admitted.poll(10, TimeUnit.SECONDS);
    assertThat(heard).isNotNull();
    return heard;
  }

  private static ByteBuffer encoded(List<Frame> frames) {
    ByteBuffer bytes = ByteBuffer.allocate(frames.stream().mapToInt(FrameCodec::sizeOf).sum());
    frames.forEach(frame -> FrameCodec.write(frame, bytes));
    return bytes.flip();
  }

  private static void writeFully(SocketChannel peer, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      peer.write(bytes);
    }
  }

  private static List<Frame> read(SocketChannel peer, int count) throws IOException {
    FrameDecoder decoder = new FrameDecoder(MAX_FRAME_BYTES);
    ByteBuffer bytes = ByteBuffer.allocate(1 << 20).limit(0);
    List<Frame> frames = new ArrayList<>();
    while (frames.size() < count) {
      Frame frame = decoder.read(bytes);
      if (frame != null) {
        frames.add(frame);
      } else {
        bytes.compact();
        assertThat(peer.read(bytes)).isPositive();
        bytes.flip();
      }
    }
    return frames;
  }
}
