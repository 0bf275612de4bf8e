package dev.forkyard.pool;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.Scoreboard;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** A worker that was launched as others are, and does not keep to what they agreed upon. */
public final class RogueWorker {

  /** What it does. */
  enum Deed {
    /** Greets, and then sends what is no frame. */
    GARBAGE,
    /** Greets, and ends within a frame. */
    HALF_A_FRAME_AND_AN_END,
    /** Greets, sends part of a frame, and falls silent. */
    HALF_A_FRAME,
    /** Greets, and claims a frame beyond the limit. */
    FRAME_BEYOND_THE_LIMIT,
    /** Greets, and sends what only a master may, many at once. */
    ORDERS,
    /** Greets, and gives back jobs that nobody asked for, many at once. */
    UNASKED_RETURN,
    /** Greets, and never stops to send answers that nobody asked for. */
    FLOOD,
    /** Greets twice. */
    GREETS_TWICE,
    /** Greets with a token of its own. */
    WRONG_TOKEN,
    /** Greets with its token, but as another worker. */
    WRONG_ID,
    /** Greets in another version. */
    WRONG_VERSION,
    /** Connects, and never greets. */
    NO_GREETING,
    /** Never connects. */
    NO_CONNECTION,
    /** Greets a byte at a time, and is then as silent as the grave. */
    SLOW_GREETING,
    /** Greets, shows signs of life and never reads. */
    NEVER_READS,
    /** Answers for all jobs but its own. */
    ANSWERS_FOR_OTHERS,
    /** Answers for its own job twice. */
    ANSWERS_TWICE,
    /** Publishes that its job has ended, and never answers. */
    CLAIMS_AN_END
  }

  private static final int UNUSED = 1_000_000_000;
  private static final int MANY = 500;

  private final SocketChannel master;
  private final Scoreboard scoreboard;
  private final long id;
  private final byte[] token;

  private RogueWorker(SocketChannel master, Scoreboard scoreboard, long id, byte[] token) {
    this.master = master;
    this.scoreboard = scoreboard;
    this.id = id;
    this.token = token;
  }

  /** The home of a Java that starts this instead of the first worker. */
  static Path javaHome(Path directory, Deed deed) throws IOException {
    return FirstWorker.javaHome(directory, RogueWorker.class, deed.name());
  }

  /** Started as a worker is. */
  public static void main(String[] args) throws IOException {
    Deed deed = Deed.valueOf(System.getProperty(FirstWorker.PROPERTY));
    String[] lines = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\n");
    if (deed == Deed.NO_CONNECTION) {
      silence(null);
    }
    Scoreboard scoreboard = Scoreboard.open(Path.of(args[1]));
    byte[] token = HexFormat.of().parseHex(lines[0]);
    new RogueWorker(connect(lines[1]), scoreboard, Long.parseLong(args[0]), token).does(deed);
  }

  private static SocketChannel connect(String address) throws IOException {
    if (address.startsWith("unix:")) {
      return SocketChannel.open(UnixDomainSocketAddress.of(address.substring(5)));
    }
    int colon = address.lastIndexOf(':');
    int port = Integer.parseInt(address.substring(colon + 1));
    return SocketChannel.open(new InetSocketAddress(address.substring(4, colon), port));
  }

  private void does(Deed deed) throws IOException {
    switch (deed) {
      case GARBAGE -> {
        send(hello());
        byte[] garbage = new byte[1 << 20];
        new Random(1).nextBytes(garbage);
        write(ByteBuffer.wrap(garbage), garbage.length);
      }
      case HALF_A_FRAME_AND_AN_END -> {
        send(hello());
        write(encoded(new Frame.Result(1, 1, new byte[200_000])), 100_000);
        Runtime.getRuntime().halt(0);
      }
      case HALF_A_FRAME -> {
        send(hello());
        write(encoded(new Frame.Result(1, 1, new byte[200_000])), 100_000);
      }
      case FRAME_BEYOND_THE_LIMIT -> {
        send(hello());
        write(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, 7, 0, 0}), 7);
      }
      case ORDERS -> sendOften(new Frame.Drain());
      case UNASKED_RETURN -> sendOften(new Frame.Returned(new long[] {1, 2, 3}));
      case FLOOD -> flood();
      case ANSWERS_FOR_OTHERS -> answerForOthers();
      case ANSWERS_TWICE -> answerTwice();
      case GREETS_TWICE -> send(hello(), hello());
      case WRONG_TOKEN -> send(hello(FrameCodec.VERSION, new byte[token.length], id));
      case WRONG_ID -> send(hello(FrameCodec.VERSION, token, id + 1));
      case WRONG_VERSION -> send(hello(FrameCodec.VERSION + 1, token, id));
      case SLOW_GREETING -> {
        for (ByteBuffer bytes = encoded(hello()); bytes.hasRemaining(); ) {
          write(bytes, 1);
          LockSupport.parkNanos(5_000_000);
        }
      }
      case NEVER_READS -> {
        send(hello());
        silence(scoreboard);
      }
      case CLAIMS_AN_END -> {
        Frame.Run job = job();
        long run = Scoreboard.run(job.jobId(), job.attempt());
        scoreboard.start(0, run, System.nanoTime());
        scoreboard.end(0, run);
        silence(scoreboard);
      }
      default -> {}
    }
    silence(null);
  }

  private void sendOften(Frame frame) throws IOException {
    send(hello());
    ByteBuffer all = ByteBuffer.allocate(MANY * FrameCodec.sizeOf(frame));
    for (int i = 0; i < MANY; i++) {
      FrameCodec.write(frame, all);
    }
    write(all.flip(), all.limit());
  }

  private void flood() throws IOException {
    send(hello());
    Thread life = new Thread(() -> silence(scoreboard));
    life.setDaemon(true);
    life.start();
    byte[] value = new byte[3_000];
    for (long job = UNUSED; true; job++) {
      send(new Frame.Result(job, 1, value), new Frame.Dump(job, "at nothing"));
    }
  }

  private void answerForOthers() throws IOException {
    long own = job().jobId();
    for (long job = 1; job <= 100; job++) {
      if (job != own) {
        send(new Frame.Result(job, 1, "stolen".getBytes(StandardCharsets.UTF_8)));
      }
    }
  }

  private void answerTwice() throws IOException {
    Frame.Run job = job();
    byte[] first = job.payload();
    byte[] second = "again".getBytes(StandardCharsets.UTF_8);
    send(new Frame.Result(job.jobId(), 1, first), new Frame.Result(job.jobId(), 1, second));
  }

  /** The first that comes. */
  private Frame.Run job() throws IOException {
    send(hello());
    FrameInput input = new FrameInput(master, FrameCodec.DEFAULT_MAX_FRAME_BYTES);
    while (true) {
      Frame frame = input.next();
      if (frame instanceof Frame.Run run) {
        return run;
      } else if (frame == null && input.fill() < 0) {
        throw new IOException("no job came");
      }
    }
  }

  private Frame hello() {
    return hello(FrameCodec.VERSION, token, id);
  }

  private static Frame hello(int version, byte[] token, long id) {
    long pid = ProcessHandle.current().pid();
    int largest = FrameCodec.DEFAULT_MAX_FRAME_BYTES;
    return new Frame.Hello(version, token, id, pid, "17", largest, System.nanoTime());
  }

  private void send(Frame... frames) throws IOException {
    for (Frame frame : frames) {
      ByteBuffer bytes = encoded(frame);
      write(bytes, bytes.remaining());
    }
  }

  private static ByteBuffer encoded(Frame frame) {
    ByteBuffer bytes = ByteBuffer.allocate(FrameCodec.sizeOf(frame));
    FrameCodec.write(frame, bytes);
    return bytes.flip();
  }

  private void write(ByteBuffer bytes, int count) throws IOException {
    ByteBuffer part = bytes.slice(bytes.position(), count);
    while (part.hasRemaining()) {
      master.write(part);
    }
    bytes.position(bytes.position() + count);
  }

  /** For ever; it shows signs of life where there is a scoreboard. */
  private static void silence(Scoreboard beating) {
    while (true) {
      if (beating != null) {
        beating.beat();
      }
      LockSupport.parkNanos(100_000_000);
    }
  }
}
