package dev.forkyard.benchmarks.probe;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * The plainest way for large payloads: a thread a worker that writes a job to a blocking channel
 * and reads the answer.
 */
public final class BlockingEcho implements AutoCloseable {

  private final ProbeChildren children;
  private final List<SocketChannel> channels = new ArrayList<>();
  private final List<BlockingJobs> connections = new ArrayList<>();

  /** Returns when all workers are connected. */
  public BlockingEcho(int workers) throws IOException {
    this.children = new ProbeChildren();
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(children.socket()));
      children.start(workers);
      for (int i = 0; i < workers; i++) {
        SocketChannel channel = server.accept();
        channels.add(channel);
        connections.add(new BlockingJobs(channel));
      }
    }
  }

  /** The workers' process ids. */
  public List<Long> pids() {
    return children.pids();
  }

  /** How many workers there are. */
  public int workers() {
    return connections.size();
  }

  /** A job there and back; for one thread a worker. */
  public byte[] call(int worker, byte[] payload) throws IOException {
    BlockingJobs jobs = connections.get(worker);
    jobs.add(1, payload);
    jobs.flush();
    byte[][] answer = new byte[1][];
    while (answer[0] == null) {
      if (!jobs.read((id, echoed) -> answer[0] = echoed)) {
        throw new IOException("the worker ended");
      }
    }
    return answer[0];
  }

  /** Ends the workers. */
  @Override
  public void close() throws IOException {
    for (SocketChannel channel : channels) {
      channel.close();
    }
    children.close();
  }
}
