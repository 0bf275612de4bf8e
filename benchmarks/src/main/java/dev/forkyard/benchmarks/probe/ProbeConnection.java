package dev.forkyard.benchmarks.probe;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The probe's end of one worker's connection: collects jobs, counts what comes back. */
final class ProbeConnection extends ChannelInboundHandlerAdapter {

  private static final int BUFFER_BYTES = 64 << 10;

  private final LimitProbe probe;
  private final JobReader reader = new JobReader();
  private final ByteBuffer input =
      ByteBuffer.allocate(BUFFER_BYTES + JobWriter.MAX_HEADER_BYTES).limit(0);
  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf output;
  private int unanswered;

  ProbeConnection(LimitProbe probe) {
    this.probe = probe;
  }

  int unanswered() {
    return unanswered;
  }

  @Override
  public void channelActive(ChannelHandlerContext active) {
    context = active;
    probe.connected(this);
  }

  void add(long id, byte[] payload) {
    ChannelHandlerContext channel = context;
    if (channel == null) {
      throw new IllegalStateException("not connected");
    }
    unanswered++;
    int most = JobWriter.MAX_HEADER_BYTES + payload.length;
    if (output != null && output.writableBytes() < most) {
      channel.write(output);
      output = null;
    }
    if (output == null) {
      output = channel.alloc().directBuffer(Math.max(most, BUFFER_BYTES));
    }
    int start = output.writerIndex();
    ByteBuffer room = output.internalNioBuffer(start, most);
    int from = room.position();
    JobWriter.header(room, id, payload.length);
    room.put(payload);
    output.writerIndex(start + room.position() - from);
  }

  void flush() {
    ByteBuf ready = output;
    ChannelHandlerContext channel = context;
    if (ready != null && channel != null) {
      output = null;
      channel.writeAndFlush(ready);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext reading, Object message) {
    ByteBuf arrived = (ByteBuf) message;
    try {
      while (arrived.isReadable()) {
        input.compact();
        input.limit(Math.min(input.capacity(), input.position() + arrived.readableBytes()));
        arrived.readBytes(input);
        input.flip();
        reader.read(input, this::answered);
      }
    } finally {
      arrived.release();
    }
  }

  private void answered(long id, byte[] payload) {
    unanswered--;
    probe.answered(id, payload);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext reading) {
    probe.batchEnded();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext reading, Throwable cause) {
    reading.close();
  }
}
