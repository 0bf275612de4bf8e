package dev.forkyard.transport;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.protocol.ProtocolException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: takes every frame of what has arrived in one pass, and collects what is to be
 * sent in one buffer until it is flushed. The first frame must be a greeting that the gate admits.
 */
final class FrameChannel extends ChannelInboundHandlerAdapter implements Connection {

  private static final int BUFFER_BYTES = 64 << 10;
  private static final int GREETING_SECONDS = 5;
  private static final int MAX_GREETING_BYTES = 4 << 10;

  /** What is collected in one buffer to be sent, unless a single frame takes more. */
  private static final int GROWN_BYTES = 1 << 20;

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(TransportServer.class);
  }

  private final @Nullable Path socket;
  private final Refusals refusals;
  private final TransportServer.Gate gate;

  private final Arrived arrivals = new Arrived();
  private final FrameInput input = new FrameInput(arrivals, MAX_GREETING_BYTES);
  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf output;

  /**
   * So that small frames do without Netty's allocator; see {@link SharedInput}. Made for the first,
   * since whoever is not admitted is sent none.
   */
  private @Nullable ByteBuf kept;

  private @Nullable ConnectionListener listener;
  private @Nullable Throwable fault;
  private long receivedBytes;
  private boolean ended;
  private boolean partial;

  FrameChannel(@Nullable Path socket, Refusals refusals, TransportServer.Gate gate) {
    this.socket = socket;
    this.refusals = refusals;
    this.gate = gate;
  }

  @Override
  public void channelActive(ChannelHandlerContext active) {
    context = active;
    if (socket != null && !PeerCredentials.sameUser(active.channel(), socket)) {
      fail(new ProtocolException("a connection from another user"));
      return;
    }
    active
        .executor()
        .schedule(
            () -> {
              if (listener == null && fault == null && active.channel().isActive()) {
                fail(new ProtocolException("no greeting within " + GREETING_SECONDS + " s"));
              }
            },
            GREETING_SECONDS,
            TimeUnit.SECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext reading, Object message) {
    ByteBuf arrived = (ByteBuf) message;
    receivedBytes += arrived.readableBytes();
    take(arrived);
  }

  /** What has arrived and was not read yet. */
  private static final class Arrived implements ReadableByteChannel {

    private ByteBuf bytes = Unpooled.EMPTY_BUFFER;

    @Override
    public int read(ByteBuffer into) {
      int count = Math.min(into.remaining(), bytes.readableBytes());
      int limit = into.limit();
      bytes.readBytes(into.limit(into.position() + count));
      into.limit(limit);
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private void take(ByteBuf arrived) {
    arrivals.bytes = arrived;
    try {
      while (fault == null && arrived.isReadable()) {
        input.fill();
        decode();
      }
      partial = input.isPartial();
    } catch (IOException e) {
      fail(e);
    } finally {
      arrivals.bytes = Unpooled.EMPTY_BUFFER;
      arrived.release();
    }
  }

  private void decode() throws ProtocolException {
    for (Frame frame = input.next(); frame != null; frame = input.next()) {
      ConnectionListener heard = listener;
      if (heard != null) {
        heard.onFrame(frame);
      } else {
        greet(frame);
      }
    }
  }

  private void greet(Frame first) throws ProtocolException {
    if (!(first instanceof Frame.Hello hello)) {
      throw new ProtocolException("the first frame is no greeting");
    }
    ConnectionListener admitted = gate.admit(hello, this);
    if (admitted == null) {
      throw new ProtocolException("worker " + hello.workerId() + " was not admitted");
    }
    input.allow(admitted.maxFrameBytes());
    listener = admitted;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext reading) {
    if (listener != null) {
      if (partial) {
        partial = false;
        listener.onPart();
      }
      listener.onBatchEnd();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext inactive) {
    end();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext reading, Throwable cause) {
    fail(cause);
  }

  private void fail(Throwable why) {
    if (fault == null) {
      fault = why;
      // The listener is told, if there is one; and who only broke off did nothing wrong.
      if (listener == null && why instanceof ProtocolException && context != null) {
        refusals.add(String.valueOf(why.getMessage()), context.executor());
      } else {
        Log.LOG.debug("a connection is closed: {}", why.getMessage());
      }
      close();
    }
  }

  private void end() {
    if (!ended) {
      hearLastWords();
      ended = true;
      if (output != null) {
        output.release();
        output = null;
      }
      if (listener != null) {
        listener.onEnd(fault);
      }
    }
  }

  /** Also of one that was reset, which is what becomes of it if the other side has not read all. */
  private void hearLastWords() {
    ConnectionListener heard = listener;
    if (heard != null && !(fault instanceof ProtocolException)) {
      Throwable before = fault;
      fault = null;
      take(Unpooled.wrappedBuffer(heard.lastWords(receivedBytes)));
      fault = fault == null ? before : fault;
    }
  }

  @Override
  public void send(Frame frame) {
    ChannelHandlerContext channel = context;
    if (channel == null || ended) {
      return;
    }
    int size = FrameCodec.sizeOf(frame);
    if (output != null && output.readableBytes() + (long) size > GROWN_BYTES) {
      // Large frames go one by one: a buffer that grows with each is copied with each.
      channel.write(output);
      output = null;
    }
    ByteBuf room = roomFor(size, channel.alloc());
    int start = room.writerIndex();
    FrameCodec.write(frame, size, room.internalNioBuffer(start, size));
    room.writerIndex(start + size);
  }

  /** What is sent at one time most often fits into what is kept for that. */
  private ByteBuf roomFor(int size, ByteBufAllocator allocator) {
    ByteBuf small = kept;
    if (small == null) {
      small = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(BUFFER_BYTES));
      kept = small;
    }
    ByteBuf room = output;
    if (room == null) {
      boolean isFree = small.refCnt() == 1 && size <= BUFFER_BYTES;
      room = isFree ? small.clear().retain() : allocator.buffer(Math.max(size, BUFFER_BYTES));
    } else if (room == small && size > room.writableBytes()) {
      room = allocator.buffer(Math.max(room.readableBytes() + size, 2 * BUFFER_BYTES));
      room.writeBytes(small);
      small.release();
    }
    room.ensureWritable(size);
    output = room;
    return room;
  }

  @Override
  public void flush() {
    ByteBuf ready = output;
    if (ready != null && context != null) {
      output = null;
      // What fails to be written is not told: the end of the input tells, when all was read.
      if (ready.readableBytes() > BUFFER_BYTES && listener != null) {
        context.writeAndFlush(ready, tellingProgress(context, listener));
      } else {
        context.writeAndFlush(ready);
      }
    }
  }

  /** A large frame may take long; each part that is taken is told. */
  private static ChannelPromise tellingProgress(
      ChannelHandlerContext channel, ConnectionListener told) {
    return channel
        .newProgressivePromise()
        .addListener(
            new ChannelProgressiveFutureListener() {
              @Override
              public void operationProgressed(
                  ChannelProgressiveFuture future, long progress, long total) {
                told.onPart();
              }

              @Override
              public void operationComplete(ChannelProgressiveFuture future) {}
            });
  }

  @Override
  public void flush(Consumer<@Nullable Throwable> written) {
    ByteBuf ready = output;
    if (ready != null && context != null) {
      output = null;
      context.writeAndFlush(ready).addListener(done -> written.accept(done.cause()));
    } else {
      written.accept(ended ? new ClosedChannelException() : null);
    }
  }

  @Override
  public void setReading(boolean reading) {
    if (context != null) {
      context.channel().config().setAutoRead(reading);
    }
  }

  @Override
  public void close() {
    if (context != null) {
      context.close();
    }
  }
}
