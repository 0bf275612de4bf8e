package dev.forkyard.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import java.nio.ByteBuffer;

/**
 * The one buffer into which an event loop reads, for all its connections: what was read is taken
 * before the next is. So reading does without Netty's allocator, whose first buffer loads the
 * flight recorder, which takes a fifth of a second in a program that starts.
 */
final class SharedInput extends DefaultMaxMessagesRecvByteBufAllocator {

  private static final int BYTES = 64 << 10;

  /** As Netty has it for channels of bytes, so that one that floods leaves others their turn. */
  private static final int READS_A_TURN = 16;

  private final ByteBuf buffer =
      Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(BYTES)));

  SharedInput() {
    super(READS_A_TURN);
  }

  @Override
  public Handle newHandle() {
    return new MaxMessageHandle() {

      @Override
      public int guess() {
        return BYTES;
      }

      @Override
      public ByteBuf allocate(ByteBufAllocator unused) {
        return buffer.clear();
      }
    };
  }
}
