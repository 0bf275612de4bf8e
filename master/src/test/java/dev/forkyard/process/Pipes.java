package dev.forkyard.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;

/** The ways to read a child's pipes, which keep one contract. */
enum Pipes implements OutputSource.Factory {
  EPOLL {
    @Override
    public OutputSource open() throws IOException {
      assumeTrue(EpollPipe.available(), "no native epoll, or not allowed to load it");
      return EpollPipe.open();
    }
  },
  THREADS {
    @Override
    public OutputSource open() {
      return new PipeThread();
    }
  }
}
