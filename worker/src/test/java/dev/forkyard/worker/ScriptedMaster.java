package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameDecoder;
import dev.forkyard.protocol.Scoreboard;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A master of one worker process, whose every word the test decides. */
final class ScriptedMaster implements AutoCloseable {

  static final int MAX_FRAME_BYTES = 16 << 20;
  static final long WORKER_ID = 5;
  static final String TOKEN = "0123456789abcdef".repeat(4);

  /** Far beyond what anything here takes, on a busy machine too. */
  static final Duration LIMIT = Duration.ofSeconds(30);

  private static final int HANDLER_ID = 1;

  final Process process;
  final Scoreboard scoreboard;
  private final ServerSocketChannel server;
  private final Path output;
  private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();

  /** Apart, since another thread of the worker writes them than its replies. */
  private final BlockingQueue<Frame> dumps = new LinkedBlockingQueue<>();

  private final List<String> handlerNames = new ArrayList<>();
  private SocketChannel worker;

  /** Starts a worker that has not connected yet, in a directory of its own. */
  ScriptedMaster(Path directory, StandardProtocolFamily family, String token, String... options)
      throws IOException {
    this(directory, family, token, WorkerSetup.NONE, options);
  }

  ScriptedMaster(
      Path directory,
      StandardProtocolFamily family,
      String token,
      WorkerSetup setup,
      String... options)
      throws IOException {
    server = ServerSocketChannel.open(family);
    Path board = directory.resolve("board");
    output = directory.resolve("output");
    scoreboard = Scoreboard.create(board).withSlots(setup.slots());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(List.of("-Xmx64m", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(options));
    command.add(WorkerMain.class.getName());
    command.addAll(List.of(Long.toString(WORKER_ID), board.toString()));
    String address = bind(directory, family);
    process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try (OutputStream in = process.getOutputStream()) {
      in.write((token + "\n" + address + "\n").getBytes(StandardCharsets.UTF_8));
      in.write(setup.encode());
    }
  }

  private String bind(Path directory, StandardProtocolFamily family) throws IOException {
    if (family == StandardProtocolFamily.UNIX) {
      Path socket = directory.resolve("socket");
      server.bind(UnixDomainSocketAddress.of(socket));
      return "unix:" + socket;
    }
    SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    int port = ((InetSocketAddress) server.bind(any).getLocalAddress()).getPort();
    return "tcp:" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + port;
  }

  /** A class path without the jars whose name has this in it. */
  static String classPathWithout(String name) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !Path.of(entry).getFileName().toString().contains(name))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The greeting; frames are read from then on. */
  Frame.Hello hello() throws Exception {
    server.configureBlocking(false);
    await().atMost(LIMIT).until(() -> (worker = server.accept()) != null || !process.isAlive());
    assertThat(worker).as(output()).isNotNull();
    Thread reader = new Thread(this::read, "scripted-master");
    reader.setDaemon(true);
    reader.start();
    return next(Frame.Hello.class);
  }

  /** Greets the worker back. */
  ScriptedMaster welcome(int maxFrameBytes) throws Exception {
    return welcome(maxFrameBytes, 0);
  }

  ScriptedMaster welcome(int maxFrameBytes, long spinNanos) throws Exception {
    hello();
    send(new Frame.Welcome(FrameCodec.VERSION, maxFrameBytes, spinNanos));
    return this;
  }

  private void read() {
    FrameDecoder decoder = new FrameDecoder(MAX_FRAME_BYTES);
    ByteBuffer bytes = ByteBuffer.allocateDirect(MAX_FRAME_BYTES).limit(0);
    try {
      while (true) {
        for (Frame frame = decoder.read(bytes); frame != null; frame = decoder.read(bytes)) {
          (frame instanceof Frame.Dump ? dumps : frames).add(frame);
        }
        if (bytes.position() > 0) {
          bytes.compact();
        } else {
          bytes.position(bytes.limit()).limit(bytes.capacity());
        }
        if (worker.read(bytes) < 0) {
          return;
        }
        bytes.flip();
      }
    } catch (IOException ended) {
      // What is awaited and does not come is told by whoever awaits it.
    }
  }

  /** Sends all together. */
  void send(Frame... all) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Arrays.stream(all).mapToInt(FrameCodec::sizeOf).sum());
    for (Frame frame : all) {
      FrameCodec.write(frame, bytes);
    }
    write(bytes.flip());
  }

  void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      worker.write(bytes);
    }
  }

  void run(long jobId, Class<?> handler, String input) throws IOException {
    run(jobId, handler.getName(), input.getBytes(StandardCharsets.UTF_8), Frame.Encoding.BINARY);
  }

  /** Sends a job; a handler's name goes along the first time alone. */
  void run(long jobId, String handler, byte[] input, Frame.Encoding encoding) throws IOException {
    boolean known = handlerNames.contains(handler);
    if (!known) {
      handlerNames.add(handler);
    }
    int id = HANDLER_ID + handlerNames.indexOf(handler);
    send(new Frame.Run(jobId, id, known ? null : handler, 1, 0, encoding, input));
  }

  /** Cancels a job, or asks after one that does not run, and awaits the answer. */
  String cancel(long jobId) throws Exception {
    send(new Frame.Cancel(jobId));
    Frame.Dump dump = next(Frame.Dump.class, dumps);
    assertThat(dump.jobId()).isEqualTo(jobId);
    return dump.text();
  }

  /** The next frame that is no dump, which is to be of this kind. */
  <F extends Frame> F next(Class<F> kind) throws InterruptedException {
    return next(kind, frames);
  }

  private <F extends Frame> F next(Class<F> kind, BlockingQueue<Frame> from)
      throws InterruptedException {
    Frame frame = from.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(frame).as(this::output).isInstanceOf(kind);
    return kind.cast(frame);
  }

  /** The next frame, which is to be this job's result, as text. */
  String result(long jobId) throws InterruptedException {
    Frame.Result result = next(Frame.Result.class);
    assertThat(result.jobId()).isEqualTo(jobId);
    return new String(result.value(), StandardCharsets.UTF_8);
  }

  /** The next frame, which is to be this job's failure. */
  Frame.Failure failure(long jobId, Frame.FailureKind kind) throws InterruptedException {
    Frame.Failure failure = next(Frame.Failure.class);
    assertThat(failure.jobId()).isEqualTo(jobId);
    assertThat(failure.kind()).as(failure.stack()).isEqualTo(kind);
    return failure;
  }

  /** Whether the worker has said nothing, dumps aside, that was not read. */
  boolean heardNothing() {
    return frames.isEmpty();
  }

  void awaitStart(long jobId) {
    await().atMost(LIMIT).until(() -> slotOf(jobId) >= 0);
  }

  /** The slot that runs this job; -1 if none does. */
  int slotOf(long jobId) {
    for (int slot = 0; slot < scoreboard.slots(); slot++) {
      Scoreboard.Slot seen = scoreboard.read(slot);
      if (seen.state() == Scoreboard.State.RUNNING && seen.run() == jobId) {
        return slot;
      }
    }
    return -1;
  }

  /** Waits until the process ends by itself. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).as(this::output).isTrue();
    return process.exitValue();
  }

  /** What the process printed so far. */
  String output() {
    try {
      return Files.readString(output, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "(its output could not be read: " + e + ")";
    }
  }

  /** Ends the conversation, and nothing else. */
  void hangUp() throws IOException {
    worker.close();
  }

  @Override
  public void close() throws Exception {
    process.destroyForcibly().waitFor();
    if (worker != null) {
      worker.close();
    }
    server.close();
  }
}
