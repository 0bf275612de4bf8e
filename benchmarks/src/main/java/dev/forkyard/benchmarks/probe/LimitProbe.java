package dev.forkyard.benchmarks.probe;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * As much as a master on one Netty event loop can exchange with its workers: callers put jobs into
 * a queue, the loop drains it into one buffer a worker and flushes once a drain, and its own
 * decoder takes every answer of a buffer in one pass. No scheduler, no handlers, no futures:
 * answers are counted, and a caller that waits for a count is woken.
 */
public final class LimitProbe implements AutoCloseable {

  /** For each worker; what lies in the socket beyond it makes it slower, not faster. */
  private static final long MAX_UNANSWERED_BYTES = 128 << 10;

  private static final int CONNECT_SECONDS = 30;

  private final Queue<byte[]> queue = PlatformDependent.newMpscQueue();
  private final AtomicBoolean drainComes = new AtomicBoolean();
  private final List<ProbeConnection> connections = new ArrayList<>();
  private final CountDownLatch connected;
  private final EventLoopGroup group;
  private final EventLoop loop;
  private final ProbeChildren children;

  private long lastId;
  private byte[] lastAnswer = {};
  private long counted;
  private volatile long answered;
  private volatile long wanted;
  private volatile @Nullable Thread waiting;

  /** Returns when all workers are connected. */
  public LimitProbe(int workers) throws IOException, InterruptedException {
    this.connected = new CountDownLatch(workers);
    this.group =
        new MultiThreadIoEventLoopGroup(
            1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    this.loop = group.next();
    this.children = new ProbeChildren();
    listen();
    children.start(workers);
    if (!connected.await(CONNECT_SECONDS, TimeUnit.SECONDS)) {
      close();
      throw new IOException("the probe's workers did not connect in " + CONNECT_SECONDS + " s");
    }
  }

  private void listen() {
    SocketAddress address =
        Epoll.isAvailable()
            ? new DomainSocketAddress(children.socket().toFile())
            : UnixDomainSocketAddress.of(children.socket());
    new ServerBootstrap()
        .group(group)
        .channel(
            Epoll.isAvailable()
                ? EpollServerDomainSocketChannel.class
                : NioServerDomainSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel connection) {
                connection.pipeline().addLast(new ProbeConnection(LimitProbe.this));
              }
            })
        .bind(address)
        .syncUninterruptibly();
  }

  /** The workers' process ids. */
  public List<Long> pids() {
    return children.pids();
  }

  /** Hands a job over to the loop. */
  public void submit(byte[] payload) {
    queue.add(payload);
    if (!drainComes.get() && !drainComes.getAndSet(true)) {
      loop.execute(this::drain);
    }
  }

  /** How many jobs were answered since the start. */
  public long answered() {
    return answered;
  }

  /** Waits until so many jobs were answered since the start; for one caller at a time. */
  public void await(long count) {
    if (answered >= count) {
      return;
    }
    wanted = count;
    waiting = Thread.currentThread();
    while (answered < count) {
      LockSupport.park(this);
    }
    waiting = null;
  }

  // On the loop.

  void connected(ProbeConnection connection) {
    connections.add(connection);
    connected.countDown();
  }

  private void drain() {
    drainComes.set(false);
    for (byte[] payload = queue.peek(); payload != null; payload = queue.peek()) {
      ProbeConnection connection = leastBusy();
      if (isFull(connection, payload.length)) {
        break;
      }
      queue.remove();
      connection.add(++lastId, payload);
    }
    for (ProbeConnection connection : connections) {
      connection.flush();
    }
  }

  private ProbeConnection leastBusy() {
    ProbeConnection least = connections.get(0);
    for (int i = 1; i < connections.size(); i++) {
      ProbeConnection connection = connections.get(i);
      least = connection.unanswered() < least.unanswered() ? connection : least;
    }
    return least;
  }

  private static boolean isFull(ProbeConnection connection, long bytes) {
    return connection.unanswered() > 1 && connection.unanswered() * bytes > MAX_UNANSWERED_BYTES;
  }

  void answered(long id, byte[] payload) {
    if (id > lastId) {
      throw new IllegalStateException("an answer to job " + id + ", which was not sent");
    }
    lastAnswer = payload;
    counted++;
  }

  void batchEnded() {
    answered = counted;
    if (!queue.isEmpty()) {
      drain();
    }
    Thread caller = waiting;
    if (caller != null && answered >= wanted) {
      LockSupport.unpark(caller);
    }
  }

  /** Ends the workers. */
  @Override
  public void close() throws IOException {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    children.close();
  }

  @Override
  public String toString() {
    return "probe, " + answered + " answered, the last of " + lastAnswer.length + " bytes";
  }
}
