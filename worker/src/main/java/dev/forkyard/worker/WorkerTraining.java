package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.FrameOutput;
import dev.forkyard.protocol.Scoreboard;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A worker and its master in one process, for a few jobs: it loads all classes that a worker needs,
 * so that the JVM can archive them when it exits.
 */
public final class WorkerTraining {

  private static final String TOKEN = "0".repeat(64);
  private static final int MAX_FRAME_BYTES = 1 << 20;
  private static final int FAILED = 1;

  private WorkerTraining() {}

  /**
   * Started by a pool, by the options with which it starts workers. Exits with 0 when all went
   * well.
   *
   * @param args where its socket and its scoreboard are to be made
   */
  public static void main(String[] args) throws IOException {
    Path socket = Path.of(args[0]);
    Path board = Path.of(args[1]);
    Scoreboard.create(board);
    ServerSocketChannel server =
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
            .bind(UnixDomainSocketAddress.of(socket));
    Thread master = new Thread(() -> serve(server), "forkyard-training");
    master.setDaemon(true);
    master.start();
    System.setIn(
        new ByteArrayInputStream((TOKEN + "\nunix:" + socket).getBytes(StandardCharsets.UTF_8)));
    WorkerMain.main(new String[] {"1", board.toString()});
  }

  private static void serve(ServerSocketChannel server) {
    try (SocketChannel worker = server.accept()) {
      FrameInput input = new FrameInput(worker, MAX_FRAME_BYTES);
      read(input);
      write(worker, new Frame.Welcome(FrameCodec.VERSION, MAX_FRAME_BYTES, 0));
      run(worker, input, 1, Text.class, "text".getBytes(StandardCharsets.UTF_8));
      run(worker, input, 2, Bytes.class, new byte[1]);
      SerializableCallable<Object> task = () -> 1;
      run(worker, input, 3, CallableHandler.class, new CallableCodec().encode(task));
      // The worker then exits by itself.
      write(worker, new Frame.Drain());
      while (read(input) != null) {}
    } catch (Exception | Error broken) {
      broken.printStackTrace();
      Runtime.getRuntime().halt(FAILED);
    }
  }

  private static void run(
      SocketChannel worker, FrameInput input, int id, Class<?> handler, byte[] payload)
      throws IOException {
    write(worker, new Frame.Run(id, id, handler.getName(), 1, 0, Frame.Encoding.BINARY, payload));
    Frame reply = read(input);
    if (!(reply instanceof Frame.Result)) {
      throw new IllegalStateException("a job for training ended with " + reply);
    }
  }

  private static void write(SocketChannel worker, Frame frame) throws IOException {
    FrameOutput output = new FrameOutput();
    output.add(frame);
    output.write(worker);
  }

  private static @Nullable Frame read(FrameInput input) throws IOException {
    Frame frame = input.next();
    while (frame == null) {
      if (input.fill() < 0) {
        return null;
      }
      frame = input.next();
    }
    return frame;
  }

  /** A job of text. */
  public static final class Text implements JobHandler<String, String> {

    /** Made by the worker. */
    public Text() {}

    @Override
    public String handle(String input, JobContext context) {
      return input;
    }
  }

  /** A job of bytes. */
  public static final class Bytes implements JobHandler<byte[], byte[]> {

    /** Made by the worker. */
    public Bytes() {}

    @Override
    public byte[] handle(byte[] input, JobContext context) {
      return input;
    }
  }
}
