package dev.forkyard.benchmarks.probe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

/** A worker without pool and handlers: one thread on one blocking channel sends each job back. */
public final class ProbeWorker {

  private ProbeWorker() {}

  /** Connects to the socket of the given path, and ends with the connection. */
  public static void main(String[] args) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(args[0]))) {
      BlockingJobs jobs = new BlockingJobs(channel);
      while (jobs.read((id, payload) -> answer(jobs, id, payload))) {
        jobs.flush();
      }
    }
  }

  private static void answer(BlockingJobs jobs, long id, byte[] payload) {
    try {
      jobs.add(id, payload);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
