package dev.forkyard.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameStreamTest {

  private static final int MAX_FRAME_BYTES = 64 << 20;

  /** A connection that takes and gives as many bytes at once as its dice say. */
  private static final class Pipe implements WritableByteChannel, ReadableByteChannel {

    private final Random random;
    private final int most;
    private final Queue<ByteBuffer> pieces = new ArrayDeque<>();
    private boolean ended;

    Pipe(long seed, int most) {
      this.random = new Random(seed);
      this.most = most;
    }

    @Override
    public int write(ByteBuffer source) {
      int count = Math.min(source.remaining(), random.nextInt(most + 1));
      byte[] piece = new byte[count];
      source.get(piece);
      pieces.add(ByteBuffer.wrap(piece));
      return count;
    }

    @Override
    public int read(ByteBuffer target) {
      ByteBuffer first = pieces.peek();
      if (first == null) {
        return ended ? -1 : 0;
      }
      int count =
          Math.min(Math.min(first.remaining(), target.remaining()), 1 + random.nextInt(most));
      target.put(first.slice(first.position(), count));
      first.position(first.position() + count);
      if (!first.hasRemaining()) {
        pieces.remove();
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      ended = true;
    }
  }

  private static byte[] bytes(Random random, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  private static Frame frame(Random random) {
    int size =
        switch (random.nextInt(8)) {
          case 0 -> 0;
          case 1 -> (64 << 10) - random.nextInt(40);
          case 2 -> (16 << 10) + random.nextInt(3) - 1;
          case 3 -> random.nextInt(6 << 20);
          default -> random.nextInt(2000);
        };
    byte[] payload = bytes(random, size);
    return switch (random.nextInt(5)) {
      case 0 ->
          new Frame.Run(
              random.nextLong(),
              3,
              random.nextBoolean() ? "a.Handler" : null,
              random.nextInt(3),
              random.nextInt(1000),
              Frame.Encoding.TEXT,
              random.nextBoolean() ? List.of() : List.of("name", "x".repeat(random.nextInt(99))),
              payload);
      case 1 -> new Frame.Result(random.nextLong(), random.nextLong(), payload);
      case 2 -> new Frame.Message(0, "byte[]", payload, random.nextInt(3));
      case 3 -> new Frame.Dump(1, "x".repeat(random.nextInt(200_000)));
      default -> new Frame.Taken(random.nextLong());
    };
  }

  private static byte[] encoded(Frame frame) {
    byte[] bytes = new byte[FrameCodec.sizeOf(frame)];
    FrameCodec.write(frame, ByteBuffer.wrap(bytes));
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1 << 10, 7_000, 1 << 17, 8 << 20})
  void framesOfAllSizesComeOutAsTheyWentInHoweverTheyAreCut(int most) throws Exception {
    for (long seed = 0; seed < 5; seed++) {
      Random random = new Random(seed);
      Pipe pipe = new Pipe(seed, most);
      FrameOutput output = new FrameOutput();
      FrameInput input = new FrameInput(pipe, MAX_FRAME_BYTES);
      Queue<Frame> sent = new ArrayDeque<>();
      for (int i = 0; i < 40 || !sent.isEmpty(); i++) {
        if (i < 40) {
          Frame frame = frame(random);
          output.add(frame);
          sent.add(frame);
        }
        boolean all = output.write(pipe);
        assertThat(output.waitingBytes() == 0).isEqualTo(all);
        input.fill();
        boolean next = input.hasNext();
        for (Frame read = input.next(); read != null; read = input.next()) {
          assertThat(next).isTrue();
          assertThat(Arrays.equals(encoded(read), encoded(sent.remove()))).isTrue();
          next = input.hasNext();
        }
        assertThat(next).isFalse();
      }
      pipe.close();
      assertThat(input.fill()).isEqualTo(-1);
    }
  }

  @Test
  void aLargeFrameWithFieldsThatNobodyKnowsOrThatComeTwiceIsRead() throws Exception {
    byte[] payload = bytes(new Random(1), 100_000);
    // Job 5, an unknown text, a payload that another replaces, and that.
    byte[] fields = {1 << 3, 5, 15 << 3 | 2, 2, 'h', 'i', 4 << 3 | 2, 1, 9, 4 << 3 | 2};
    ByteBuffer body = ByteBuffer.allocate(payload.length + 100);
    body.put(fields);
    WireWriter.varint(body, payload.length);
    body.put(payload).flip();
    ByteBuffer frame = ByteBuffer.allocate(body.limit() + 100);
    WireWriter.varint(frame, WireWriter.sizeOfBytes(body.limit()));
    WireWriter.header(frame, FrameCodec.MESSAGE, body.limit());
    frame.put(body).flip();
    assertThat(encoded(read(frame))).isEqualTo(encoded(new Frame.Message(5, "", payload, 0)));
  }

  private static Frame read(ByteBuffer bytes) throws IOException {
    Pipe pipe = new Pipe(1, 1 << 20);
    while (bytes.hasRemaining()) {
      pipe.write(bytes);
    }
    FrameInput input = new FrameInput(pipe, MAX_FRAME_BYTES);
    Frame read = input.next();
    while (read == null) {
      input.fill();
      read = input.next();
    }
    return read;
  }

  @Test
  void thousandsOfFieldsBeforeAPayloadAreNotLookedAtAgainWithEachByteThatArrives()
      throws Exception {
    byte[] payload = bytes(new Random(1), 100_000);
    ByteBuffer body = ByteBuffer.allocate(payload.length + 20_100);
    for (int i = 0; i < 10_000; i++) {
      body.put((byte) (15 << 3)).put((byte) 1);
    }
    WireWriter.header(body, FrameCodec.payloadField(FrameCodec.MESSAGE), payload.length);
    body.put(payload).flip();
    ByteBuffer frame = ByteBuffer.allocate(body.limit() + 100);
    WireWriter.varint(frame, WireWriter.sizeOfBytes(body.limit()));
    WireWriter.header(frame, FrameCodec.MESSAGE, body.limit());
    frame.put(body).flip();
    ByteBuffer allButALittle = frame.duplicate().limit(frame.limit() - 1_000);
    FrameDecoder decoder = new FrameDecoder(MAX_FRAME_BYTES);
    assertThat(LargeFrame.begin(allButALittle, frame.limit(), decoder)).isNull();
    assertThat(encoded(read(frame))).isEqualTo(encoded(new Frame.Message(0, "", payload, 0)));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 50, 100_000})
  void anEndWithinAFrameIsAnError(int bytes) throws Exception {
    ByteBuffer frame = ByteBuffer.allocate(300_000);
    FrameCodec.write(new Frame.Result(1, 2, new byte[200_000]), frame);
    Pipe pipe = new Pipe(1, 1 << 20);
    ByteBuffer part = frame.flip().limit(bytes);
    while (part.hasRemaining()) {
      pipe.write(part);
    }
    pipe.close();
    FrameInput input = new FrameInput(pipe, MAX_FRAME_BYTES);
    assertThatThrownBy(
            () -> {
              while (input.fill() >= 0) {
                assertThat(input.next()).isNull();
              }
            })
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("ended within a frame");
  }

  @Test
  void aLengthAloneTakesNoMemory() throws Exception {
    Pipe pipe = new Pipe(1, 1 << 20);
    ByteBuffer head = ByteBuffer.allocate(100);
    int claimed = 1_000_000_000;
    WireWriter.varint(head, WireWriter.sizeOfBytes(WireWriter.sizeOfBytes(claimed)));
    WireWriter.header(head, FrameCodec.MESSAGE, WireWriter.sizeOfBytes(claimed));
    WireWriter.header(head, 4, claimed);
    head.put(new byte[10]).flip();
    while (head.hasRemaining()) {
      pipe.write(head);
    }
    FrameInput input = new FrameInput(pipe, Integer.MAX_VALUE);
    long before = allocated();
    for (int i = 0; i < 10; i++) {
      input.fill();
      assertThat(input.next()).isNull();
    }
    assertThat(allocated() - before).isLessThan(16 << 20);
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void whatIsForgottenIsNotWritten() throws IOException {
    Pipe pipe = new Pipe(1, 100);
    FrameOutput output = new FrameOutput();
    output.add(new Frame.Result(1, 2, new byte[200_000]));
    assertThat(output.write(pipe)).isFalse();
    output.clear();
    assertThat(output.waitingBytes()).isZero();
    assertThat(output.write(pipe)).isTrue();
  }
}
